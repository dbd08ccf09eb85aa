import type { Value } from "@lowbit/ir";
import { badLossSetting } from "../diagnostics.ts";
import { scalar } from "../legalize/legalization.ts";
import { checkProbabilities } from "./probabilities.ts";
import { scoresBehind } from "./scores.ts";
import { targetOf, type Loss, type LossContext } from "./loss.ts";

/** Mean of (output - target)² over all elements of the first output. */
export function meanSquaredError(): Loss {
  return onDifference("mse", ({ op }, difference) => op.Mul([difference, difference]));
}

/** Mean of |output - target| over all elements of the first output. */
export function meanAbsoluteError(): Loss {
  return onDifference("l1", ({ op }, difference) => op.Abs([difference]));
}

/** Huber's loss: d²/2 where |d| ≤ delta, delta·(|d| - delta/2) beyond (Huber 1964). Default delta: 1. */
export function huber(delta = 1): Loss {
  if (!(delta > 0 && delta < Infinity)) throw badLossSetting("delta", delta, "above 0");
  return onDifference(`huber:${delta}`, ({ op, editor }, difference) => {
    const size = op.Abs([difference]);
    // With c = min(|d|, delta) both branches are c·(|d| - c/2).
    const clipped = op.Min([size, scalar(editor, delta, "delta")]);
    return op.Mul([clipped, op.Sub([size, op.Mul([clipped, scalar(editor, 0.5, "half")])])]);
  });
}

/**
 * Binary cross-entropy of raw scores (of a model that ends in Sigmoid, those before it) with targets from 0 to 1, a mean over all elements: softplus(x) - x·t, which neither
 * overflows nor loses digits.
 */
export function binaryCrossEntropy(): Loss {
  return {
    name: "binary-cross-entropy",
    ...targetOf("value"),
    checkTarget: checkProbabilities("binary-cross-entropy"),
    scoresBehind: "Sigmoid",
    attach({ op, outputs, target }) {
      const scores = scoresBehind(outputs[0]!, "Sigmoid");
      // softplus(x) = max(x, 0) + log(1 + exp(-|x|))
      const tail = op.Softplus([op.Neg([op.Abs([scores])])]);
      const each = op.Sub([op.Add([op.Relu([scores]), tail]), op.Mul([scores, target!])]);
      return op.ReduceMean([each], { keepdims: 0 });
    },
  };
}

function onDifference(name: string, each: (context: LossContext, difference: Value) => Value): Loss {
  return {
    name,
    ...targetOf("value"),
    attach(context) {
      const { op, outputs, target } = context;
      return op.ReduceMean([each(context, op.Sub([outputs[0]!, target!]))], { keepdims: 0 });
    },
  };
}
