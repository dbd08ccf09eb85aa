import type { MessageMap, MessageName } from "../messages/message-map.ts";
import { measure } from "./measure.ts";
import { write } from "./write.ts";

/**
 * Encodes an ONNX message the way protobuf's C++ writer does: fields in order of number, lists of tensor elements
 * packed and all others not, an optional field if and only if it is present, unknown fields last. A file written that
 * way is the same bytes after decoding and encoding.
 * @throws ProtoError for what protobuf cannot express.
 */
export function encode<K extends MessageName>(name: K, message: MessageMap[K]): Uint8Array {
  const plan = measure(name, message);
  const bytes = new Uint8Array(plan.size);
  let pos = 0;
  write(plan, message, (piece) => {
    bytes.set(piece, pos);
    pos += piece.length;
  });
  if (pos !== plan.size) throw new Error(`internal: ${name} of ${plan.size} measured bytes came out as ${pos}`);
  return bytes;
}

/**
 * Like `encode`, in pieces to be written one after the other. Large `bytes` fields and tensor elements are views of
 * the message's own memory, so the whole is never in memory a second time.
 * @throws ProtoError before the first piece, for what protobuf cannot express.
 */
export function encodeChunks<K extends MessageName>(name: K, message: MessageMap[K]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  write(measure(name, message), message, (piece, shared) => chunks.push(shared ? piece.slice() : piece));
  return chunks;
}
