import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { channelVector } from "./channel-vector.ts";
import { foldScaleShift } from "./fold-scale-shift.ts";
import { outputChannels } from "./linear-op.ts";

const linear = oneOf(
  op(["Conv", "ConvTranspose", "Gemm"], [any(), constant("w"), optional(constant("b"))], { as: "linear" }),
  op("MatMul", [any(), constant("w")], { as: "linear" }),
);

/** L(x, W, b) · c or L(x, W, b) / c  →  L(x, W · k, b · k), with one k = c or 1/c per output channel */
const fuseLinearScaleRule = rule({
  name: "fuse-linear-scale",
  pattern: op(["Mul", "Div"], [linear, constant("c")], { as: "scaling" }),
  rewrite(m, context) {
    if (m.w.constant.dims.length < 2) return new Reject("weight is a vector", m.w);
    const channels = outputChannels(m.linear, m.w.constant);
    const values = channelVector(m.c.constant, m.linear, channels);
    if (!values) return new Reject("is not one number per output channel", m.c);
    const scale = m.scaling.is("Div") ? values.map((value) => 1 / value) : values;
    if (!scale.every(Number.isFinite)) return new Reject("divides by 0", m.c);
    return foldScaleShift(m, { scale, shift: new Float64Array(channels) }, context);
  },
});

/** Folds a multiplication by constants into the weights before it. */
export const fuseLinearScale = rulePass({
  name: "fuse-linear-scale",
  summary: "Folds Mul and Div by a constant into the Conv, ConvTranspose, Gemm or MatMul before it.",
  rules: [fuseLinearScaleRule],
});
