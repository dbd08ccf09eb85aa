import { shapeText, tensorType, type Shape } from "../types.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. Scores: [N, C, ...], labels: [N, ...]. */
export function inferLoss(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const [scores, labels] = [context.shape(0), context.shape(1)];
  checkLabels(context, scores, labels);
  const isUnreduced = context.node.string("reduction", "mean") === "none";
  return {
    types: [dtype && tensorType(dtype, isUnreduced ? labels : []), context.type(0)].slice(0, context.outputCount),
  };
}

function checkLabels(context: InferContext, scores: Shape | null, labels: Shape | null): void {
  if (scores === null || labels === null) return;
  const expected = scores.toSpliced(1, 1);
  const fits =
    scores.length >= 2 &&
    expected.length === labels.length &&
    expected.every((dim, i) => typeof dim !== "number" || typeof labels[i] !== "number" || dim === labels[i]);
  if (!fits) context.fail(`labels ${shapeText(labels)} must be scores ${shapeText(scores)} without the class axis`);
}
