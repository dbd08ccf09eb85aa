import { decode } from "./decode/decode.ts";
import { encode, encodeChunks } from "./encode/encode.ts";
import type { ModelProto } from "./messages/model.ts";

/** The IR version whose schema this package knows in full; newer files keep their unknown fields. */
export const schemaIrVersion = 14;

/** Decodes a model file. @throws ProtoError */
export function decodeModel(bytes: Uint8Array): ModelProto {
  return decode("ModelProto", bytes);
}

/** Encodes a model file. @throws ProtoError */
export function encodeModel(model: ModelProto): Uint8Array {
  return encode("ModelProto", model);
}

/** Encodes a model file in pieces that need not be joined in memory. @throws ProtoError */
export function encodeModelChunks(model: ModelProto): readonly Uint8Array[] {
  return encodeChunks("ModelProto", model);
}
