import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { maxMessageBytes } from "@lowbit/onnx-proto";
import type { Model } from "../graph/model.ts";
import { modelError, systemReason } from "./diagnostics.ts";
import { importModel, type ImportOptions } from "./import-model.ts";

/**
 * Reads a model from its file. Data inside the file is a view of it; external data is checked now (it must be there,
 * long enough, and inside the model's folder) and read each time a tensor's bytes are asked for.
 * @throws CompileError `file/read`, and as `importModel`
 */
export function loadModel(path: string, options: Pick<ImportOptions, "report"> = {}): Model {
  return importModel(fileBytes(path), { ...options, folder: dirname(path), file: path });
}

function fileBytes(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > maxMessageBytes) {
      throw modelError("file/read", `a model file of ${size} bytes; protobuf ends at ${maxMessageBytes}`, {
        file: path,
      });
    }
    return readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw modelError("file/read", `the model cannot be read: ${systemReason(error)}`, { file: path });
  }
}
