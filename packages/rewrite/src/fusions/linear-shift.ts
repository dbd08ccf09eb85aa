import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { channelVector } from "./channel-vector.ts";
import { foldScaleShift } from "./fold-scale-shift.ts";
import { outputChannels } from "./linear-op.ts";

/** L(x, W, b) + c or L(x, W, b) − c  →  L(x, W, b ± c), with one c per output channel */
const fuseLinearShiftRule = rule({
  name: "fuse-linear-shift",
  pattern: op(
    ["Add", "Sub"],
    [
      op(["Conv", "ConvTranspose", "Gemm"], [any(), constant("w"), optional(constant("b"))], { as: "linear" }),
      constant("c"),
    ],
    { as: "shifting" },
  ),
  rewrite(m, context) {
    const channels = outputChannels(m.linear, m.w.constant);
    const values = channelVector(m.c.constant, m.linear, channels);
    if (!values) return new Reject("is not one number per output channel", m.c);
    const shift = m.shifting.is("Sub") ? values.map((value) => -value) : values;
    return foldScaleShift(m, { scale: new Float64Array(channels).fill(1), shift }, context);
  },
});

/** Folds the addition of constants into the bias before it. */
export const fuseLinearShift = rulePass({
  name: "fuse-linear-shift",
  summary: "Folds Add and Sub of a constant into the bias of the Conv, ConvTranspose or Gemm before it.",
  rules: [fuseLinearShiftRule],
});
