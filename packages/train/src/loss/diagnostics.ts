import { CompileError, typeText, type Diagnostic, type Value } from "@lowbit/ir";

/** A model's output that a loss cannot compare with targets. @param needs what the loss takes instead */
export function unusableOutput(output: Value, loss: string, needs: string): CompileError {
  return new CompileError({
    code: "train/bad-loss",
    severity: "error",
    message: `loss "${loss}" needs ${needs}, but the model's output "${output.name}" is ${typeText(output.type)}`,
    where: { value: output.name, ...(output.producer ? { node: output.producer.name } : {}) },
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
