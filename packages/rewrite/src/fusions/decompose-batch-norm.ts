import { Tensor } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { batchNorm } from "./batch-norm.ts";
import { batchNormScaleShift } from "./scale-shift.ts";

/** BatchNormalization(x)  →  x · k + s,  k = gamma / √(variance + epsilon), s = beta − mean · k, both [C, 1, …] */
const decomposeBatchNormRule = rule({
  name: "decompose-batch-norm",
  pattern: batchNorm(any("x")),
  rewrite(m, { op, constant }) {
    const rank = m.x.shape?.length;
    const { dtype } = m.gamma.constant;
    if (rank === undefined) return new Reject("has an unknown rank", m.x);
    if (dtype !== m.x.dtype) return new Reject("parameters have another dtype than the data", m.bn);
    const scaleShift = batchNormScaleShift(m, m.bn);
    if (!scaleShift) return new Reject("variance plus epsilon is not positive", m.bn);
    const dims = [scaleShift.scale.length, ...Array.from({ length: Math.max(0, rank - 2) }, () => 1)];
    const name = m.bn.output.name;
    const scaled = op.Mul([m.x, constant(Tensor.of(dtype, scaleShift.scale, dims), `${name}_scale`)]);
    return op.Add([scaled, constant(Tensor.of(dtype, scaleShift.shift, dims), `${name}_shift`)]);
  },
});

/**
 * Turns inference BatchNormalization into Mul and Add. That is one node more, so it is not part of the default pipeline:
 * it is for backends that run those as integers, but not the normalization.
 */
export const decomposeBatchNorm = rulePass({
  name: "decompose-batch-norm",
  summary: "Turns inference BatchNormalization into Mul and Add.",
  rules: [decomposeBatchNormRule],
});
