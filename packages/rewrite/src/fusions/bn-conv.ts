import { Tensor } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { batchNorm } from "./batch-norm.ts";
import { explicitPads } from "./explicit-pads.ts";
import { batchNormScaleShift } from "./scale-shift.ts";

/**
 * Conv(BatchNormalization(x), W, b)  →  Conv(x, W · k, b + Σ W · s),  k = gamma / √(variance + epsilon), s = beta − mean · k
 * by input channel; the sum runs over input channels and kernel. W: [outC, inC/group, …kernel]
 *
 * Padding adds zeros after the normalization, so there must be none, or s must be 0.
 */
const fuseBnConvRule = rule({
  name: "fuse-bn-conv",
  pattern: op("Conv", [batchNorm(any("x")), constant("w"), optional(constant("b"))], { as: "conv" }),
  rewrite(m, { constant, like }) {
    const { conv, w, b } = m;
    if (w.uses.size > 1) return new Reject("weight is shared with another node", w);
    const scaleShift = batchNormScaleShift(m, m.bn);
    if (!scaleShift) return new Reject("variance plus epsilon is not positive", m.bn);
    const { scale, shift } = scaleShift;
    const { dims, dtype } = w.constant;
    const isPadded = !explicitPads(conv, dims.length - 2)?.every((pad) => pad === 0);
    if (isPadded && shift.some((value) => value !== 0))
      return new Reject("pads with zeros that are not normalized", conv);

    const [channels, perGroup] = [dims[0]!, dims[1]!];
    const kernel = dims.slice(2).reduce((size, dim) => size * dim, 1);
    const channelsPerGroup = channels / conv.int("group", 1);
    const bias = b ? b.constant.numbers() : new Float64Array(channels);
    const weight = w.constant.numbers().map((value, index) => {
      const channel = Math.floor(index / (perGroup * kernel));
      const input = Math.floor(channel / channelsPerGroup) * perGroup + (Math.floor(index / kernel) % perGroup);
      bias[channel]! += value * shift[input]!;
      return value * scale[input]!;
    });
    const operands = [m.x, constant(Tensor.of(dtype, weight, dims), w)];
    const hasBias = b !== null || bias.some((value) => value !== 0);
    return like(conv, hasBias ? [...operands, constant(Tensor.of(dtype, bias), b ?? `${w.name}_bias`)] : operands);
  },
});

/** Folds inference BatchNormalization into the Conv after it. */
export const fuseBnConv = rulePass({
  name: "fuse-bn-conv",
  summary: "Folds inference BatchNormalization into the Conv after it, where no padding comes between.",
  rules: [fuseBnConvRule],
});
