import { CompileError } from "@lowbit/ir";

/** A source in none of the forms that can be read. */
export function unknownForm(source: string): CompileError {
  return new CompileError({
    code: "data/unknown-form",
    severity: "error",
    message: `"${source}" is in no form that data is read from`,
    where: { file: source },
    help: "give a .npz file, images.idx,labels.idx, a folder with one sub-folder of images per class, or a JavaScript module",
  });
}

/** Several sources where one is read. */
export function severalSources(source: string, count: number): CompileError {
  return new CompileError({
    code: "data/several-sources",
    severity: "error",
    message: `"${source}" names ${count} sources, and data is read from one; only IDX files come as two: images,labels`,
    where: { file: source },
    help: "put the samples of all of them into one .npz: for each input of the model one array named after it, and targets as `y`",
  });
}
