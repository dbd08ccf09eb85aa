import { axisFromFirst, lowbitDomain, type Node, type Value } from "@lowbit/ir";
import type { LossContext, ToProbabilities } from "./loss.ts";

/**
 * The scores that an output turns into probabilities as its last step, rounded or not: a loss of scores compares these, for
 * it turns them into probabilities itself. The output itself where it is none of that.
 */
export function scoresBehind(output: Value, step: ToProbabilities): Value {
  for (let value = output; value.producer; value = value.producer.input) {
    const node = value.producer;
    if (node.is(step) && (step === "Sigmoid" || isAlongClasses(node))) return node.input;
    if (!node.is("Identity") && !node.is("FakeQuantize", lowbitDomain)) return output;
  }
  return output;
}

/** Classes are axis 1. */
function isAlongClasses(softmax: Node): boolean {
  return axisFromFirst(softmax.int("axis", -1), softmax.input.shape?.length ?? 0) === 1;
}

/** A loss's context with the scores behind the model's first output in its place. */
export function onScores(context: LossContext, step: ToProbabilities): LossContext {
  const [first, ...others] = context.outputs;
  return { ...context, outputs: [scoresBehind(first!, step), ...others] };
}
