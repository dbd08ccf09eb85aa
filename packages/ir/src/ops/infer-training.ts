import type { InferContext, Inferred } from "./define-op.ts";

/** Optimizer steps: after the rate and the step count come groups of tensors; the first `results` of them are updated. */
export function inferOptimizer(groups: number, results: readonly number[]): (context: InferContext) => Inferred {
  return (context) => {
    const count = (context.inputCount - 2) / groups;
    if (!Number.isInteger(count))
      context.fail(`${context.inputCount - 2} operands are not ${groups} groups of one size`);
    return {
      types: results.flatMap((group) => Array.from({ length: count }, (_, i) => context.type(2 + group * count + i))),
    };
  };
}
