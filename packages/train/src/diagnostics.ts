import { CompileError } from "@lowbit/ir";

/** Nothing in the model can be trained, or the selection left nothing. */
export function noParameters(selection: readonly string[] | undefined): CompileError {
  return new CompileError({
    code: "train/no-parameters",
    severity: "error",
    message: selection
      ? `no trainable parameter of the model matches ${selection.map((glob) => `"${glob}"`).join(", ")}`
      : "the model has no trainable parameter",
    help: "parameters are float initializers that serve as weights, biases or normalization scales; `lowbit inspect` lists them",
  });
}

/** The model's computation is tied to one batch size. */
export function fixedBatch(node: string, message: string, batch: number): CompileError {
  return new CompileError({
    code: "train/fixed-batch",
    severity: "error",
    message: `the model cannot run with a batch of ${batch}: ${message}`,
    where: { node },
    help: "export the model with a dynamic batch dimension",
  });
}

/** A loss became NaN or infinite. */
export function notFinite(step: number, loss: number): CompileError {
  return new CompileError({
    code: "train/not-finite",
    severity: "error",
    message: `the loss became ${loss} at step ${step}`,
    help: "lower the learning rate, clip gradients, or check the data for NaN",
  });
}

/** A metric or a loss needs targets that the data does not have. */
export function missingTargets(): CompileError {
  return new CompileError({
    code: "data/no-targets",
    severity: "error",
    message: "the data has no targets",
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
