import { CompileError, isFloat, typeText, type Diagnostic, type Value } from "@lowbit/ir";

/** A model's output that a loss cannot compare with targets. @param needs what the loss takes instead */
export function unusableOutput(output: Value, loss: string, needs: string): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `loss "${loss}" needs ${needs}, but the model's output "${output.name}" is ${output.shape ? typeText(output.type) : "of unknown shape"}`,
    where: { value: output.name, ...(output.producer ? { node: output.producer.label } : {}) },
    help: "train a model whose first output is what the loss compares, or give a loss of your own (--loss module.js)",
  });
}

/** A loss of the caller's whose function returned something else than a value of the graph it was given. */
export function noValue(loss: string): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `loss "${loss}" returned no value of the graph`,
    help: "return what an op of the given builder returned, for example op.ReduceMean([error], { keepdims: 0 })",
  });
}

/** A loss whose type does not come out, because of a mistake in the graph that its function made. */
export function badLossGraph(loss: string, { message, where }: Diagnostic): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `loss "${loss}" is no number: ${message}`,
    ...(where ? { where } : {}),
  });
}

/** A loss that is more than one number, none with a fraction, or of a shape that is not known. @param rows see `oneNumber` */
export function lossNotScalar(value: Value, loss: string, rows: number | null): CompileError {
  const isCounted = value.dtype !== null && !isFloat(value.dtype);
  const perSample = rows === null ? "" : `; one number for each of the ${rows} samples, [${rows}], is averaged for you`;
  return new CompileError({
    code: "train/loss-not-scalar",
    severity: "error",
    message: `loss "${loss}" is ${typeText(value.type)}${value.shape ? "" : " of unknown shape"}, not one floating-point number`,
    where: { value: value.name, ...(value.producer ? { node: value.producer.label } : {}) },
    help: isCounted
      ? "a loss is computed from the scores themselves: what counts or compares them has no gradient"
      : `average it: op.ReduceMean([loss], { keepdims: 0 })${perSample}`,
  });
}

/** A target that should be a probability, or a share, is none. */
export function noProbability(target: number, loss: string): CompileError {
  return new CompileError({
    code: "data/label",
    severity: "error",
    message: `loss "${loss}" takes probabilities as targets, 0 to 1, and got ${target}`,
  });
}

/** Scores of one class, which no softmax changes anything about: nothing would be trained. */
export function singleClass(output: Value, loss: string): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `loss "${loss}" tells classes apart, and the model's output "${output.name}" ${typeText(output.type)} has only one: it would always be 0`,
    where: { value: output.name },
    help: "a single score is trained with binary cross-entropy or a loss of values (--loss bce, mse)",
  });
}
