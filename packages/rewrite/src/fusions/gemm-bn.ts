import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { batchNorm } from "./batch-norm.ts";
import { foldScaleShift } from "./fold-scale-shift.ts";
import { batchNormScaleShift } from "./scale-shift.ts";

/**
 * BatchNormalization(Gemm(x, W, b)) or BatchNormalization(MatMul(x, W))  →  Gemm with the scale in W and the rest in the bias.
 *
 * The normalized axis is 1, so the result must be [N, C].
 */
const fuseGemmBnRule = rule({
  name: "fuse-gemm-bn",
  pattern: batchNorm(
    oneOf(
      op("Gemm", [any(), constant("w"), optional(constant("b"))], { as: "linear" }),
      op("MatMul", [any(), constant("w")], { as: "linear" }),
    ),
  ),
  rewrite(m, context) {
    const rank = m.linear.output.shape?.length;
    if (rank !== 2 || m.w.constant.dims.length !== 2) return new Reject("is not a matrix of [N, C]", m.linear.output);
    const scaleShift = batchNormScaleShift(m, m.bn);
    return scaleShift
      ? foldScaleShift(m, scaleShift, context)
      : new Reject("variance plus epsilon is not positive", m.bn);
  },
});

/** Folds inference BatchNormalization into the Gemm or MatMul before it. */
export const fuseGemmBn = rulePass({
  name: "fuse-gemm-bn",
  summary: "Folds inference BatchNormalization into the Gemm or MatMul before it.",
  rules: [fuseGemmBnRule],
});
