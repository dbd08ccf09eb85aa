import type { Loss } from "./loss.ts";

/** Mean of (output - target)² over all elements of the first output. */
export function meanSquaredError(): Loss {
  return {
    name: "mse",
    targetDType: "float",
    targetShape: (output) => output,
    attach({ op, outputs, target }) {
      const difference = op.Sub([outputs[0]!, target]);
      return op.ReduceMean([op.Mul([difference, difference])], { keepdims: 0 });
    },
  };
}
