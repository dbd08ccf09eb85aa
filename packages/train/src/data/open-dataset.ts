import { open, stat } from "node:fs/promises";
import { badFile, missingFile, missingTargets } from "../diagnostics.ts";
import type { DataOptions, InputSpec } from "./data-options.ts";
import type { Dataset } from "./dataset.ts";
import { severalSources, unknownForm } from "./diagnostics.ts";
import { classCount } from "./fitting/fit-target.ts";
import { createFitting } from "./fitting/fitting.ts";
import { openImageFolder } from "./images/open-image-folder.ts";
import { openModule } from "./module/open-module.ts";
import { openNpz } from "./npz/open-npz.ts";
import { openIdx } from "./open-idx.ts";

/** Names of files whose form their ending tells. */
const npz = /\.npz$/i;
const javaScript = /\.[cm]?[jt]s$/i;

/**
 * Opens labelled or unlabelled samples for a model, by what the source is:
 * - `file.npz`: arrays named after the inputs, or `x` when there is one, and targets `y`;
 * - `images.idx,labels.idx`, or the first alone: IDX files, gzipped or not;
 * - a folder with one sub-folder of images per class;
 * - `module.js`: a JavaScript module that exports an iterable of batches (`openModule` tells its form).
 *
 * Samples take the input's shape when their elements match it, and the input's dtype. What does not fit is told now as
 * far as it can be known.
 *
 * @param inputs of the model: `model.graph.inputs`, or the `inputs` of a session
 * @throws CompileError `data/…`
 */
export async function openDataset(
  source: string,
  inputs: readonly InputSpec[],
  options: DataOptions = {},
): Promise<Dataset> {
  const data = await opened(source, inputs, options);
  if (options.needsTargets && !data.hasTargets) throw missingTargets(source);
  return data;
}

async function opened(source: string, inputs: readonly InputSpec[], options: DataOptions): Promise<Dataset> {
  const asked = inputs.filter((input) => !input.initializer);
  const fitting = createFitting(asked, options, source);
  const found = await stat(source).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error) && !found.isFile() && !found.isDirectory()) {
    throw badFile(
      source,
      "it is no file but a pipe or a device, and data is read more than once: write it to a file first",
    );
  }
  const parts = source.split(",").map((path) => path.trim());
  if (found instanceof Error && (await areSources(parts))) throw severalSources(source, parts.length);
  if (npz.test(source)) return openNpz(source, fitting);
  if (javaScript.test(source)) return openModule(source, fitting);
  if (found instanceof Error) {
    const [samples, labels, ...more] = parts;
    if (samples && labels && more.length === 0) return openIdx(samples, labels, fitting);
    throw missingFile(source, found.code ?? found.message);
  }
  if (found.isDirectory()) return openImageFolder(source, classCount(options.output ?? null), fitting);
  if (await beginsLikeIdx(source)) return openIdx(source, null, fitting);
  throw unknownForm(source);
}

/**
 * Whether the parts of a source that does not exist are sources by themselves, and no pair of IDX files. A comma may
 * also belong to the name of one file that is missing.
 */
async function areSources(parts: readonly string[]): Promise<boolean> {
  if (parts.length < 2) return false;
  const named = parts.filter((path) => npz.test(path) || javaScript.test(path)).length;
  if (named > 1) return true;
  const found = await Promise.all(parts.map((path) => stat(path).catch(() => null)));
  const mayBePair = parts.length === 2 && named === 0 && !found.some((each) => each?.isDirectory());
  return !mayBePair && found.some((each) => each !== null);
}

/** Whether a file begins as IDX files or gzipped files do. */
async function beginsLikeIdx(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw missingFile(path, error.code ?? error.message);
  });
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const start = buffer.readUInt16BE(0);
    return start === 0 || start === 0x1f8b;
  } finally {
    await file.close();
  }
}
