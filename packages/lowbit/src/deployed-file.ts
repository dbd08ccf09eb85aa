import {
  cloneModel,
  modelBytes as irModelBytes,
  saveModel as irSaveModel,
  type BytesOptions,
  type Model,
  type SavedModel,
  type SaveOptions,
} from "@lowbit/ir";
import { backendKey, compactFile } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";

/**
 * Writes a model to a file, and its data to a second one where the options say so. A model that was lowered for a backend is
 * said in fewer bytes there: without defaults and the types of inner values, and with short names for what conversions make.
 *
 * Each file appears whole or not at all, the data file first. A model may be saved over the file it came from.
 *
 * @throws CompileError `export/…`, `file/write`, and as reading its external data
 */
export function saveModel(model: Model, path: string, options: SaveOptions = {}): SavedModel {
  return irSaveModel(inFile(model), path, { ...optionsFor(model), ...options });
}

/** A model as the bytes that `saveModel` writes, all data included. @throws CompileError `export/too-large` from 2 GiB on */
export function modelBytes(model: Model, options: BytesOptions = {}): Uint8Array {
  return irModelBytes(inFile(model), { ...optionsFor(model), ...options });
}

/** A model as it is in its file; until then the long names tell people what is what. */
export function inFile(model: Model): Model {
  if (!isDeployed(model)) return model;
  const copy = cloneModel(model);
  runPasses(copy, [compactFile]);
  return copy;
}

/** Types of inner values take more room beside weights of one byte than they are worth. */
function optionsFor(model: Model): BytesOptions {
  return isDeployed(model) ? { innerTypes: false } : {};
}

function isDeployed({ metadata }: Model): boolean {
  return metadata.has(backendKey);
}
