import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { batchNorm } from "./batch-norm.ts";
import { foldScaleShift } from "./fold-scale-shift.ts";
import { batchNormScaleShift } from "./scale-shift.ts";

/** The formula of `fuse-conv-bn`, with W: [inC, outC/group, …kernel]. */
const fuseConvTransposeBnRule = rule({
  name: "fuse-conv-transpose-bn",
  pattern: batchNorm(op("ConvTranspose", [any(), constant("w"), optional(constant("b"))], { as: "linear" })),
  rewrite(m, context) {
    const scaleShift = batchNormScaleShift(m, m.bn);
    return scaleShift
      ? foldScaleShift(m, scaleShift, context)
      : new Reject("variance plus epsilon is not positive", m.bn);
  },
});

/** Folds inference BatchNormalization into the ConvTranspose before it. */
export const fuseConvTransposeBn = rulePass({
  name: "fuse-conv-transpose-bn",
  summary: "Folds inference BatchNormalization into the ConvTranspose before it.",
  rules: [fuseConvTransposeBnRule],
});
