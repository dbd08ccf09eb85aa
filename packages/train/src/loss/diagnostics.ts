import { CompileError, typeText, type Value } from "@lowbit/ir";

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
