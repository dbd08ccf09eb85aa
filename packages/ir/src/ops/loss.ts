import { defineOp, int, string } from "./define-op.ts";
import { inferLoss } from "./infer-loss.ts";

/** Losses. */
export const lossOps = {
  NegativeLogLikelihoodLoss: defineOp("NegativeLogLikelihoodLoss", {
    since: 12,
    inputs: ["input", "target", "weight?"],
    outputs: ["loss"],
    attributes: { ignore_index: int(), reduction: string("mean") },
    traits: ["reduction"],
    roles: { target: { role: "parameter" }, weight: { role: "parameter" } },
    infer: inferLoss,
  }),
  SoftmaxCrossEntropyLoss: defineOp("SoftmaxCrossEntropyLoss", {
    since: 12,
    inputs: ["scores", "labels", "weights?"],
    outputs: ["output", "log_prob?"],
    attributes: { ignore_index: int(), reduction: string("mean") },
    traits: ["reduction"],
    roles: { labels: { role: "parameter" }, weights: { role: "parameter" } },
    infer: inferLoss,
  }),
};
