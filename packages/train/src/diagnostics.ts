import { CompileError, type Diagnostic, shapeText, typeText, type DType, type Value } from "@lowbit/ir";
import type { InputSpec } from "./data/data-options.ts";

/** A setting of a loss that is out of its range. */
export function badLossSetting(setting: string, value: number, range: string): CompileError {
  return outOfRange("train/bad-loss", setting, value, range);
}

/** A setting of an optimizer that is out of its range. */
export function badOptimizerSetting(setting: string, value: number, range: string): CompileError {
  return outOfRange("train/bad-optimizer", setting, value, range);
}

/** A setting of a learning rate's schedule that is out of its range. */
export function badSchedule(setting: string, value: number, range: string): CompileError {
  return outOfRange("train/bad-schedule", setting, value, range);
}

function outOfRange(code: Diagnostic["code"], setting: string, value: number, range: string): CompileError {
  return new CompileError({ code, severity: "error", message: `${setting} is ${value}, but must be ${range}` });
}

/** A pruning pattern that makes no sense. */
export function badPruning(message: string, help: string): CompileError {
  return new CompileError({ code: "train/prune", severity: "error", message: `pruning: ${message}`, help });
}

/** No weight of a model takes a pruning pattern. */
export function nothingPruned(
  names: readonly string[] | undefined,
  skipped: readonly { readonly name: string; readonly reason: string }[],
): CompileError {
  const chosen = names ? ` matches ${names.map((name) => `"${name}"`).join(", ")} and` : "";
  const [first] = skipped;
  return badPruning(
    `no weight of the model${chosen} takes the pattern${first ? `: "${first.name}": ${first.reason}` : ""}`,
    "weights are float initializers of Conv, Gemm, MatMul and the like; `lowbit inspect --text` lists them",
  );
}

/** Class weights that are not one per class. */
export function badClassWeights(given: number, classes: number): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `${given} class weights were given, but the model's output has scores for ${classes} classes`,
  });
}

/** Scores whose number of classes is not known. */
export function unknownClasses(scores: Value): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `the number of classes is not known: the model's output "${scores.name}" is ${typeText(scores.type)}`,
    where: { value: scores.name },
    help: "smoothing and class weights need scores [N, classes, ...]",
  });
}

/** A teacher that does not answer the model's own question. */
export function teacherMismatch(reason: string): CompileError {
  return new CompileError({
    code: "train/teacher",
    severity: "error",
    message: `the teacher does not fit the model: ${reason}`,
    help: "a teacher takes the model's inputs and gives scores for the same classes",
  });
}

/** The model's computation is tied to one batch size. @param exported that batch, if its inputs declare it */
export function fixedBatch(node: string, message: string, batch: number, exported: number | null): CompileError {
  return new CompileError({
    code: "train/fixed-batch",
    severity: "error",
    message: `the model cannot run with a batch of ${batch}: ${message}`,
    where: { node },
    help: `export the model with a dynamic batch dimension, or train with the batch it was exported for${exported === null ? "" : ` (--batch ${exported})`}`,
  });
}

/**
 * Numbers of a training are no numbers any more.
 *
 * @param origin where the first of them came from, if that was found
 * @param kept step of the last checkpoint, null for none
 */
export function notFinite(what: string, step: number, origin: string | null, kept: number | null): CompileError {
  return new CompileError({
    code: "train/not-finite",
    severity: "error",
    message: `${what} at step ${step}${origin === null ? "" : `; the first number that is none came from ${origin}`}`,
    help: `lower the learning rate, clip gradients, or check the data for NaN${kept === null ? "" : `; the checkpoint of step ${kept} is kept`}`,
  });
}

/** Something is asked of validation that does not take place. */
export function noValidation(): CompileError {
  return new CompileError({
    code: "train/no-validation",
    severity: "error",
    message: "the best epoch cannot be told, because nothing is validated",
    help: "give data to validate on",
  });
}

/** A metric or a loss needs targets that the data does not have. @param source where the data is, if that is known */
export function missingTargets(source?: string): CompileError {
  return new CompileError({
    code: "data/no-targets",
    severity: "error",
    message: "the data has no targets",
    ...(source === undefined ? {} : { where: { file: source } }),
    help: "an .npz needs an array `y`, an IDX pair its labels file, a module must yield `y`",
  });
}

/** A data file cannot be opened. */
export function missingFile(path: string, reason: string): CompileError {
  return new CompileError({
    code: "data/missing-file",
    severity: "error",
    message: reason === "ENOENT" ? `there is no file "${path}"` : `"${path}" cannot be read (${reason})`,
    where: { file: path },
  });
}

/** A data file is not what it should be. */
export function badFile(path: string, message: string): CompileError {
  return new CompileError({
    code: "data/bad-file",
    severity: "error",
    message: `"${path}" cannot be used: ${message}`,
    where: { file: path },
  });
}

/** A source has no array for a model input. @param alone whether the model has no other input */
export function missingArray(input: string, alone: boolean, names: readonly string[], source: string): CompileError {
  const wanted = alone && input !== "x" ? `"${input}" or "x"` : `"${input}"`;
  const holds = names.length === 0 ? "no arrays" : names.map((name) => `"${name}"`).join(", ");
  return new CompileError({
    code: "data/missing-array",
    severity: "error",
    message: `"${source}" has no array ${wanted} for the model's input "${input}"; it holds ${holds}`,
    where: { file: source, value: input },
    help: "name the arrays after the model's inputs, as `lowbit inspect` lists them, and the targets `y`",
  });
}

/** Samples whose shape a model input cannot take. @param sample dimensions of one sample */
export function shapeMismatch(
  input: InputSpec,
  sample: readonly number[],
  reason: string,
  source: string,
): CompileError {
  return new CompileError({
    code: "data/shape",
    severity: "error",
    message: `"${source}" gives samples of shape ${shapeText(sample)}, but the model's input "${input.name}" takes ${shapeText(input.shape)}: ${reason}`,
    where: { file: source, value: input.name },
    help: "the first axis of data is the samples; each sample needs the elements of one input",
  });
}

/** Elements that cannot stand for the model input's. */
export function dtypeMismatch(input: InputSpec, dtype: DType, source: string): CompileError {
  return new CompileError({
    code: "data/dtype",
    severity: "error",
    message: `"${source}" gives ${dtype} where the model's input "${input.name}" takes ${input.dtype}`,
    where: { file: source, value: input.name },
    help: `convert the array to ${input.dtype}`,
  });
}

/** An integer beyond what the model's input can hold. */
export function integerTooLarge(input: InputSpec, dtype: DType, source: string): CompileError {
  return new CompileError({
    code: "data/dtype",
    severity: "error",
    message: `"${source}" gives ${dtype} numbers that do not fit into the ${input.dtype} of the model's input "${input.name}"`,
    where: { file: source, value: input.name },
  });
}

/** A normalization that cannot be applied. */
export function badNormalization(message: string): CompileError {
  return new CompileError({ code: "data/normalization", severity: "error", message: `normalization: ${message}` });
}

/** Arrays of one source with different numbers of samples. */
export function countMismatch(samples: number, others: number, what: string, source: string): CompileError {
  return new CompileError({
    code: "data/count",
    severity: "error",
    message: `"${source}" has ${samples} samples, but ${what} has ${others}`,
    where: { file: source },
  });
}

/** Targets that are no class indices, or do not fit the model's output. */
export function badTargets(message: string, source: string): CompileError {
  return new CompileError({
    code: "data/targets",
    severity: "error",
    message: `the targets of "${source}" ${message}`,
    where: { file: source },
  });
}

/** A label that is no class of the model. */
export function badLabel(label: bigint, sample: number, classes: number | null, source: string): CompileError {
  const range = classes === null ? "labels count from 0" : `the model has ${classes} classes, 0 to ${classes - 1}`;
  return new CompileError({
    code: "data/label",
    severity: "error",
    message: `sample ${sample} of "${source}" has label ${label}, but ${range}`,
    where: { file: source },
  });
}

/** A label that a model's output has no score for. */
export function labelOutsideOutput(label: number, classes: number): CompileError {
  return new CompileError({
    code: "data/label",
    severity: "error",
    message: `a target has label ${label}, but the model's output has scores for ${classes} classes, 0 to ${classes - 1}`,
  });
}

/** More class folders than the model has classes. */
export function badLabelFolder(folders: readonly string[], classes: number, source: string): CompileError {
  return new CompileError({
    code: "data/label",
    severity: "error",
    message: `"${source}" has ${folders.length} class folders, but the model has ${classes} classes; "${folders[classes]}" would be class ${classes}`,
    where: { file: source },
  });
}

/** A source without samples. */
export function emptyData(source: string): CompileError {
  return new CompileError({
    code: "data/empty",
    severity: "error",
    message: `"${source}" has no samples`,
    where: { file: source },
  });
}

/** A source of one array for a model that takes several. */
export function severalInputs(inputs: readonly string[], form: string, source: string): CompileError {
  return new CompileError({
    code: "data/several-inputs",
    severity: "error",
    message: `${form} cannot feed a model with ${inputs.length} inputs (${inputs.join(", ")})`,
    where: { file: source },
    help: "give a .npz file with an array per input, or a JavaScript module",
  });
}

/** Images for a model that does not take images of a known size. */
export function notAnImageInput(input: InputSpec): CompileError {
  return new CompileError({
    code: "data/not-an-image-input",
    severity: "error",
    message: `images need an input [N,C,H,W] or [N,H,W,C] with 1 or 3 channels and a known size; "${input.name}" takes ${shapeText(input.shape)}`,
    where: { value: input.name },
    help: "give the data as .npz, or export the model with a fixed image size",
  });
}

/** The image library does not load on this machine. */
export function noImageDecoder(reason: string): CompileError {
  return new CompileError({
    code: "data/no-image-decoder",
    severity: "error",
    message: `the image library sharp cannot be loaded: ${reason.split("\n")[0]}`,
    help: "run `npm install sharp`, or give the data as .npz",
  });
}

/** A data module that cannot be loaded, throws, or gives something else than batches. */
export function badModule(path: string, message: string): CompileError {
  return new CompileError({
    code: "data/module",
    severity: "error",
    message: `data module "${path}": ${message}`,
    where: { file: path },
  });
}

/** A TypeScript module on a Node that cannot load it. */
export function typeScriptModule(path: string): CompileError {
  return new CompileError({
    code: "data/module",
    severity: "error",
    message: `data module "${path}": Node ${process.versions.node} cannot load TypeScript`,
    where: { file: path },
    help: "use Node 22.18 or newer, or give the module as JavaScript",
  });
}

/** A checkpoint cannot be written. @param kept steps of the one that is there from before; null: none is */
export function cannotWrite(folder: string, reason: string, kept: number | null): CompileError {
  return new CompileError({
    code: "train/checkpoint",
    severity: "error",
    message: `the checkpoint cannot be saved: ${reason}`,
    where: { file: folder },
    ...(kept === null
      ? {}
      : { help: `that of step ${kept} is there as it was: resume the run from it (--resume) once files fit there` }),
  });
}

/** A checkpoint was made with another model. */
export function otherModel(path: string): CompileError {
  return new CompileError({
    code: "train/other-training",
    severity: "error",
    message: `"${path}" belongs to another model, or to other data that set its ranges`,
    where: { file: path },
    help: "resume with the model and the data the run was started with, or give another checkpoint folder",
  });
}

/** A checkpoint was made by a run with other settings. */
export function otherSettings(
  path: string,
  differing: readonly { readonly name: string; readonly saved: unknown; readonly asked: unknown }[],
): CompileError {
  const each = differing.map(
    ({ name, saved, asked }) => `${name} ${JSON.stringify(saved)}, not ${JSON.stringify(asked)}`,
  );
  return new CompileError({
    code: "train/other-training",
    severity: "error",
    message: `"${path}" belongs to a run with other settings: ${each.join("; ")}`,
    where: { file: path },
    help: "resume with the settings the run was started with, or give another checkpoint folder",
  });
}

/** An augmentation of images on a model that takes none. */
export function noImages(inputs: readonly { readonly name: string; readonly dims: readonly number[] }[]): CompileError {
  const given = inputs.map(({ name, dims }) => `"${name}" [${dims.join(",")}]`).join(", ");
  return new CompileError({
    code: "data/not-an-image-input",
    severity: "error",
    message: `only images can be augmented, [N,C,H,W] or [N,H,W,C]; the batches hold ${given}`,
  });
}

/** Padding for targets that have a number per pixel. */
export function cropOfTargets(): CompileError {
  return new CompileError({
    code: "data/crop-of-targets",
    severity: "error",
    message:
      "images cannot be cropped at random where the targets have a number per pixel: those of the padding are not known",
    help: "mirroring moves targets along with the images",
  });
}

/** The integer forward computes with the final scales, so nothing that decides them may move. */
export function integerForwardMoves(what: string): CompileError {
  return new CompileError({
    code: "train/integer-forward",
    severity: "error",
    message: `the integer forward needs frozen ranges and statistics, but ${what} still moves`,
    help: "freeze observers and BatchNormalization in the phase that runs the integer forward, or before",
  });
}
