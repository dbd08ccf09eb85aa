import { decodeModel, ProtoError, type ModelProto } from "@lowbit/onnx-proto";
import { CompileError, type Diagnostic } from "../diagnostics.ts";
import type { LocalFunction, Model } from "../graph/model.ts";
import { CarriedModel, restOf, type Draft } from "./carried.ts";
import type { ImportContext } from "./context.ts";
import { modelError } from "./diagnostics.ts";
import { ExternalFiles } from "./external-files.ts";
import { importFunction } from "./function-serde.ts";
import { importGraph } from "./graph-import.ts";
import { importEntries, importOpsets, unusualEntries } from "./metadata.ts";

/** How a model is read. */
export interface ImportOptions {
  /** The folder of the model's external data; without it, a model with external data is refused. */
  readonly folder?: string;
  /** The file's name, for messages. */
  readonly file?: string;
  /** Gets the findings that do not stop the import, such as `import/unsorted`. */
  readonly report?: (finding: Diagnostic) => void;
}

/**
 * A model of ONNX bytes or of a decoded message, in the opset it was written in.
 *
 * Everything in the file is kept: `exportModel` of an unchanged model gives an equal message. Data is not copied: the
 * bytes must not change while the model is in use. Nodes that are out of order are put in order and reported.
 * @throws CompileError `proto/…`, `import/…`, `tensor/…`, `external/…`
 */
export function importModel(input: ModelProto | Uint8Array, options: ImportOptions = {}): Model {
  const proto = input instanceof Uint8Array ? decoded(input, options.file) : input;
  const files = new ExternalFiles(options.folder ?? null);
  const context: ImportContext = {
    files,
    report: options.report ?? (() => {}),
    body: (graph, owner) => importGraph(graph, owner, context),
  };
  if (!proto.graph) {
    throw modelError(
      "import/graph",
      "the file holds no graph",
      options.file === undefined ? undefined : { file: options.file },
      "check that it is an ONNX model and that it was copied in full",
    );
  }
  const model: Model = {
    graph: importGraph(proto.graph, null, context),
    irVersion: proto.ir_version ?? 0,
    opsets: importOpsets(proto.opset_import, "the model"),
    functions: importFunctions(proto, context),
    producerName: proto.producer_name ?? "",
    producerVersion: proto.producer_version ?? "",
    domain: proto.domain ?? "",
    modelVersion: Number(proto.model_version ?? 0n),
    docString: proto.doc_string ?? "",
    metadata: new Map(importEntries(proto.metadata_props)),
    carried: new CarriedModel(restOfModel(proto), proto.opset_import, unusualEntries(proto.metadata_props)),
  };
  files.checkOverlaps();
  return model;
}

function decoded(bytes: Uint8Array, file: string | undefined): ModelProto {
  try {
    return decodeModel(bytes);
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    throw new CompileError({
      code: error.code,
      severity: "error",
      message: error.message,
      ...(file === undefined ? {} : { where: { file } }),
      help: "check that it is an ONNX model and that it was copied in full",
    });
  }
}

function importFunctions(proto: ModelProto, context: ImportContext): LocalFunction[] {
  const functions = proto.functions.map((each) => importFunction(each, context));
  const seen = new Set<string>();
  for (const { domain, name, overload } of functions) {
    const key = JSON.stringify([domain, name, overload]);
    if (seen.has(key)) {
      throw modelError("import/duplicate-name", `function "${name}" of domain "${domain}" is defined twice`);
    }
    seen.add(key);
  }
  return functions;
}

function restOfModel(proto: ModelProto): Partial<ModelProto> {
  const rest: Draft<Partial<ModelProto>> = restOf(proto, [
    "producer_name",
    "producer_version",
    "domain",
    "doc_string",
    "training_info",
    "configuration",
    "unknown_fields",
  ]);
  if (proto.model_version !== undefined) rest.model_version = proto.model_version;
  return rest;
}
