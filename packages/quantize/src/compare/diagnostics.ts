import { CompileError } from "@lowbit/ir";

/** Two models that take different things. */
export function inputsDiffer(model: readonly string[], other: readonly string[]): CompileError {
  return new CompileError({
    code: "compare/inputs",
    severity: "error",
    message: `the models take different inputs: ${listText(model)}, and ${listText(other)}`,
    help: "only models that take the same data can be compared",
  });
}

/** An input that has another type in the other model. */
export function inputTypeDiffers(model: string, other: string): CompileError {
  return new CompileError({
    code: "compare/inputs",
    severity: "error",
    message: `the models take different inputs: ${model}, and ${other}`,
    help: "only models that take the same data can be compared",
  });
}

/** Two models without a float result in common. */
export function noCommonOutput(model: readonly string[], other: readonly string[]): CompileError {
  return new CompileError({
    code: "compare/outputs",
    severity: "error",
    message: `the models have no float result in common: ${listText(model)}, and ${listText(other)}`,
  });
}

/** A result of different sizes. */
export function outputsDiffer(name: string, dims: readonly number[], other: readonly number[]): CompileError {
  return new CompileError({
    code: "compare/outputs",
    severity: "error",
    message: `the result "${name}" is ${dims.join("x")} of one model and ${other.join("x")} of the other`,
    where: { value: name },
    help: "only models that compute the same can be compared",
  });
}

/** A comparison got no batch. */
export function noComparisonData(): CompileError {
  return new CompileError({
    code: "compare/no-data",
    severity: "error",
    message: "the comparison got no data: the data set is empty",
  });
}

/** A comparison was stopped before its end. */
export function comparisonStopped(samples: number): CompileError {
  return new CompileError({
    code: "compare/stopped",
    severity: "error",
    message: `the comparison was stopped after ${samples} sample${samples === 1 ? "" : "s"}`,
    help: "--samples N compares with fewer",
  });
}

/** A value was not a number, or infinite. */
export function valueNotFinite(value: string): CompileError {
  return new CompileError({
    code: "compare/not-finite",
    severity: "error",
    message: `"${value}" is NaN or infinite for some sample`,
    where: { value },
    help: "look for broken samples, or for inputs that are not scaled as the model expects",
  });
}

function listText(ports: readonly string[]): string {
  return ports.length === 0 ? "none" : ports.join(", ");
}
