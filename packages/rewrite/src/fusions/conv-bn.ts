import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { batchNorm } from "./batch-norm.ts";
import { foldScaleShift } from "./fold-scale-shift.ts";
import { batchNormScaleShift } from "./scale-shift.ts";

/**
 * BatchNormalization(Conv(x, W, b))  →  Conv(x, W · k, b · k + beta − mean · k),  k = gamma / √(variance + epsilon).
 * W: [outC, inC/group, …kernel]
 */
const fuseConvBnRule = rule({
  name: "fuse-conv-bn",
  pattern: batchNorm(op("Conv", [any(), constant("w"), optional(constant("b"))], { as: "linear" })),
  rewrite(m, context) {
    const scaleShift = batchNormScaleShift(m, m.bn);
    return scaleShift
      ? foldScaleShift(m, scaleShift, context)
      : new Reject("variance plus epsilon is not positive", m.bn);
  },
});

/** Folds inference BatchNormalization into the Conv before it. */
export const fuseConvBn = rulePass({
  name: "fuse-conv-bn",
  summary: "Folds inference BatchNormalization into the Conv before it.",
  rules: [fuseConvBnRule],
});
