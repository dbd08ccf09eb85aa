import { Tensor } from "@lowbit/ir";
import { Reject, rule, rulePass } from "@lowbit/rewrite";
import {
  convolutionOf,
  integerConvolution,
  largestPadded,
  leastOutputs,
  readAtOnce,
  zeroObjection,
} from "./integer-convolution.ts";
import { pixelsAsChannelsOf } from "./pixels-as-channels.ts";

/**
 * Conv(DQ(x), DQ(w))  →  Conv(DQ(Pad(x)), DQ(w'))  for 1 to 3 input channels, with zeros up to 4 in both: exact in value, and
 * the kernel reads four channels at once.
 */
const padFewChannelsRule = rule({
  name: "pad-few-channels",
  pattern: integerConvolution,
  rewrite(match, context) {
    const { codes, zero, weight, conv } = match;
    const [outputs, channels, ...window] = weight.constant.dims;
    const taps = window.reduce((product, each) => product * each, 1);
    if (conv.int("group", 1) !== 1 || window.length !== 2) return new Reject("it is no convolution of images", conv);
    if (channels! >= readAtOnce) return new Reject(`it has ${channels} input channels`, conv);
    if (taps === 1 || taps > largestPadded) return new Reject(`its window has ${taps} elements`, conv);
    const pixels = pixelsAsChannelsOf(conv, weight.constant.dims);
    const filled = outputs! * (typeof pixels === "number" ? pixels : 1);
    if (filled < leastOutputs) return new Reject(`it has ${outputs} output channels`, conv);
    const objection = zeroObjection(match);
    if (objection) return objection;
    const missing = readAtOnce - channels!;
    const padded = context.op.Pad([codes, context.constant(padsOf(missing), "pads"), zero]);
    return convolutionOf(match, { codes: padded, weights: withZeroChannels(weight.constant, missing) }, context);
  },
});

/** Pads of an image in NCHW that add channels behind its own. */
function padsOf(channels: number): Tensor {
  return Tensor.of("int64", [0, 0, 0, 0, 0, channels, 0, 0]);
}

function withZeroChannels(weight: Tensor, added: number): Tensor {
  const [outputs, inputs, ...window] = weight.dims as [number, number, ...number[]];
  const taps = window.reduce((product, each) => product * each, 1);
  const [from, to] = [weight.numbers(), new Int8Array(outputs * (inputs + added) * taps)];
  for (let i = 0; i < outputs; i++)
    to.set(from.slice(i * inputs * taps, (i + 1) * inputs * taps), i * (inputs + added) * taps);
  return Tensor.of(weight.dtype, to, [outputs, inputs + added, ...window]);
}

/** Gives integer convolutions of one to three channels a fourth. */
export const padFewChannels = rulePass({
  name: "pad-few-channels",
  summary: "Pads the input of quantized convolutions of few channels to 4, which the kernel reads at once.",
  rules: [padFewChannelsRule],
});
