import { CompileError } from "@lowbit/ir";

/** Statistics were to be estimated anew in a model that has none. */
export function nothingToReestimate(): CompileError {
  return new CompileError({
    code: "train/reestimate",
    severity: "error",
    message: "the model has no BatchNormalization whose statistics could be estimated anew",
    help: "leave the re-estimation out, or start from a model whose normalizations were not folded into its layers",
  });
}

/** Data without one whole batch to estimate statistics on. */
export function tooFewToReestimate(batch: number): CompileError {
  return new CompileError({
    code: "train/reestimate",
    severity: "error",
    message: `the data has not one whole batch of ${batch} samples to estimate the statistics of BatchNormalization on`,
    help: "give more data, or a smaller batch",
  });
}
