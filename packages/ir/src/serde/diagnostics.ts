import { CompileError, type Diagnostic, type Location } from "../diagnostics.ts";

/**
 * What can be wrong with a model file or its data:
 * - `import/graph`: the file has no graph;
 * - `import/node`: a node without an op, or with an attribute twice;
 * - `import/attribute`: an attribute whose type and value disagree, or without a value;
 * - `import/type`: a value type that ONNX does not have;
 * - `import/duplicate-name`: two values (or two functions) of one name;
 * - `import/undefined-value`: a name that is read but never defined;
 * - `import/cycle`: nodes that need each other's results;
 * - `import/unsorted`: nodes in another order than their data flows (a warning: they are put in order);
 * - `import/opset`: one domain imported in two versions;
 * - `tensor/dtype`, `tensor/dims`: an element type or dimensions that no tensor can have;
 * - `tensor/length`: other than as many data bytes or elements as the dimensions say;
 * - `tensor/data`: data in a form that the tensor cannot have;
 * - `tensor/too-large`: elements that would not fit into memory at once;
 * - `external/location`: external data outside the model's folder, or not a plain file;
 * - `external/missing`, `external/short`, `external/overlap`, `external/changed`: the data file is not there, is too
 *   short, serves two tensors with the same bytes in part, or is another one than when the model was loaded;
 * - `export/too-large`: a model that protobuf cannot hold; `export/function`: a local function with initializers;
 * - `function/recursive`, `function/opset`, `function/too-large`, `function/arity`: local functions that call each other in
 *   a circle, are written in other opsets than the model, expand without bound, or are called with too many operands;
 * - `file/read`, `file/write`: what the operating system refused.
 */
export type SerdeCode =
  | "import/graph"
  | "import/node"
  | "import/attribute"
  | "import/type"
  | "import/duplicate-name"
  | "import/undefined-value"
  | "import/cycle"
  | "import/unsorted"
  | "import/opset"
  | "tensor/dtype"
  | "tensor/dims"
  | "tensor/length"
  | "tensor/data"
  | "tensor/too-large"
  | "external/location"
  | "external/missing"
  | "external/short"
  | "external/overlap"
  | "external/changed"
  | "export/too-large"
  | "export/function"
  | "function/recursive"
  | "function/opset"
  | "function/too-large"
  | "function/arity"
  | "file/read"
  | "file/write";

/** An error about a model file, its content or its data. */
export function modelError(code: SerdeCode, message: string, where?: Location, help?: string): CompileError {
  return new CompileError(modelDiagnostic(code, "error", message, where, help));
}

/** A finding about a model file that does not stop the import. */
export function modelDiagnostic(
  code: SerdeCode,
  severity: Diagnostic["severity"],
  message: string,
  where?: Location,
  help?: string,
): Diagnostic {
  return {
    code,
    severity,
    message,
    ...(where === undefined ? {} : { where }),
    ...(help === undefined ? {} : { help }),
  };
}

/**
 * What the operating system said, for the end of a message that names the file by itself: without the call that failed and
 * its path, which may be that of a temporary file.
 */
export function systemReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isSystemError(error) ? message.replace(/, \w+(?: '.*')?$/s, "") : message;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}
