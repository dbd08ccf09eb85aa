import { open, stat } from "node:fs/promises";
import { badFile, missingFile, unknownForm } from "../diagnostics.ts";
import type { DataOptions, InputSpec } from "./data-options.ts";
import type { Dataset } from "./dataset.ts";
import { classCount } from "./fitting/fit-target.ts";
import { createFitting } from "./fitting/fitting.ts";
import { openImageFolder } from "./images/open-image-folder.ts";
import { openModule } from "./module/open-module.ts";
import { openNpz } from "./npz/open-npz.ts";
import { openIdx } from "./open-idx.ts";

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
  const asked = inputs.filter((input) => !input.initializer);
  const fitting = createFitting(asked, options, source);
  const found = await stat(source).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error) && !found.isFile() && !found.isDirectory()) {
    throw badFile(
      source,
      "it is no file but a pipe or a device, and data is read more than once: write it to a file first",
    );
  }
  if (/\.npz$/i.test(source)) return openNpz(source, fitting);
  if (/\.[cm]?[jt]s$/i.test(source)) return openModule(source, fitting);
  if (found instanceof Error) {
    const [samples, labels, ...more] = source.split(",").map((path) => path.trim());
    if (samples && labels && more.length === 0) return openIdx(samples, labels, fitting);
    throw missingFile(source, found.code ?? found.message);
  }
  if (found.isDirectory()) return openImageFolder(source, classCount(options.output ?? null), fitting);
  if (await beginsLikeIdx(source)) return openIdx(source, null, fitting);
  throw unknownForm(source);
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
