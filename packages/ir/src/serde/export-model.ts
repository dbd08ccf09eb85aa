import { create, encodeModel, ProtoError, type ModelProto } from "@lowbit/onnx-proto";
import { CompileError } from "../diagnostics.ts";
import type { Model } from "../graph/model.ts";
import { CarriedModel, type Draft } from "./carried.ts";
import type { ExportContext } from "./context.ts";
import { exportFunction } from "./function-serde.ts";
import { exportGraph } from "./graph-export.ts";
import { exportEntries, exportOpsets } from "./metadata.ts";

/** The message of a model with all data in it; external data is read into memory. */
export function exportModel(model: Model): ModelProto {
  return exportModelWith(model, { place: () => null });
}

/** The message of a model whose tensors go where the context says. */
export function exportModelWith(model: Model, context: ExportContext): ModelProto {
  const carried = model.carried instanceof CarriedModel ? model.carried : null;
  const proto: Draft<ModelProto> = create("ModelProto", carried?.rest);
  if (model.irVersion !== 0) proto.ir_version = model.irVersion;
  if (model.producerName !== "") proto.producer_name = model.producerName;
  if (model.producerVersion !== "") proto.producer_version = model.producerVersion;
  if (model.domain !== "") proto.domain = model.domain;
  if (model.docString !== "") proto.doc_string = model.docString;
  if (Number(proto.model_version ?? 0n) !== model.modelVersion) proto.model_version = BigInt(model.modelVersion);
  proto.opset_import = exportOpsets(model.opsets, carried?.opsets);
  proto.metadata_props = exportEntries(model.metadata, carried?.metadata);
  proto.functions = model.functions.map((local) => exportFunction(local, context));
  proto.graph = exportGraph(model.graph, context);
  return proto;
}

/** What the bytes of a model hold. */
export interface BytesOptions {
  /** Whether the types of inner values are written too; those of standard ops follow from the inputs. Default: true. */
  readonly innerTypes?: boolean;
}

/** A model as the bytes of an ONNX file, all data included. @throws export/too-large from 2 GiB on */
export function modelBytes(model: Model, { innerTypes = true }: BytesOptions = {}): Uint8Array {
  return encoded(() => encodeModel(exportModelWith(model, { place: () => null, innerTypes })));
}

/** Runs an encoder; what protobuf cannot express becomes a diagnostic. */
export function encoded<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    throw new CompileError({
      code: error.code === "proto/too-large" ? "export/too-large" : error.code,
      severity: "error",
      message: error.message,
      ...(error.code === "proto/too-large"
        ? { help: "save it with its data in a file of its own (externalData)" }
        : {}),
    });
  }
}
