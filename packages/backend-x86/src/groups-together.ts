import { Tensor, type Node, type Value } from "@lowbit/ir";
import { Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";
import { integerConvolution, zeroObjection } from "./integer-convolution.ts";

/**
 * Input channels from which on a group is computed best alone. (Zen 4, one thread, 3x3, µs of one convolution with 1, 2, 4, 8 groups together;
 * in float it is one group each: 128 channels in groups of 4 on 28x28, 965, 551, 309, 267, and 353 with 16, float 320; 256 in groups of 8 on
 * 14x14, 275, 161, 136, 182, float 252; 512 in groups of 16 on 14x14, 317, 272, 362, float 304; 1024 in groups of 32 on 7x7, 154, 207.)
 */
const enoughChannels = 32;

/**
 * How many groups of a convolution its kernel on codes should compute as one, whose weights are zero between them: it gathers windows
 * and fills blocks of output channels for each group. 1 where they are best alone, and for one channel per group, which has its own kernel.
 *
 * @param weight its dimensions
 */
export function groupsTogetherOf(node: Node, weight: readonly number[]): number {
  const [group, channels] = [node.int("group", 1), weight[1]!];
  if (group === 1 || channels === 1 || channels >= enoughChannels) return 1;
  const counts = Array.from({ length: group }, (_, i) => i + 1).filter((count) => group % count === 0);
  return counts.find((count) => count * channels >= enoughChannels) ?? group;
}

const groupsTogetherRule = rule({
  name: "groups-together",
  pattern: integerConvolution,
  rewrite(match, context) {
    const { x, codes, scale, zero, w, weight, weightScale, weightZero, bias, conv } = match;
    const together = groupsTogetherOf(conv, weight.constant.dims);
    if (together === 1) return new Reject("its groups are fastest alone, or it has none", conv);
    const objection = zeroObjection(match);
    if (objection) return objection;
    if (weight.constant.dtype !== "int8") return new Reject(`its weights are ${weight.constant.dtype}`, weight);
    const group = conv.int("group", 1);
    const weights = withZerosBetween(weight, group, together, context);
    const filters = context.like(w, [weights, weightScale, weightZero]);
    const image = context.like(x, [codes, scale, zero]);
    return context.like(conv, [image, filters, ...(bias ? [bias] : [])], { group: group / together });
  },
});

/**
 * Codes [O, C / g, ...] of a convolution with g groups, for one with some of these together: [O, together · C / g, ...]. ONNX Runtime computes
 * them when it loads the model, so that the file does not grow: a row of matrices side by side, each padded by one more than their number and the
 * row then cut off, has each one further to the right by its own width.
 */
function withZerosBetween(codes: Value, group: number, together: number, { op, constant }: RewriteContext): Value {
  const [outputs, channels, ...window] = codes.constant!.dims as readonly [number, number, ...number[]];
  const [joint, rows] = [group / together, outputs / group];
  const length = window.reduce((a, b) => a * b, channels);
  const ints = (values: readonly number[], name: string): Value => constant(Tensor.of("int64", values), name);
  const shaped = (value: Value, dims: readonly number[]): Value => op.Reshape([value, ints(dims, "shape")]);
  const exchanged = (value: Value): Value => op.Transpose([value], { perm: [0, 2, 1, 3] });
  const inRows = exchanged(shaped(codes, [joint, together, rows, length]));
  const padded = op.Pad([inRows, ints([0, 0, 0, 0, 0, 0, 0, together * length], "zeros_behind")]);
  const row = shaped(padded, [joint * rows, together * (together + 1) * length]);
  const cut = op.Slice([row, ints([0], "start"), ints([together * together * length], "end"), ints([1], "axis")]);
  const apart = exchanged(shaped(cut, [joint, rows, together, together * length]));
  return shaped(apart, [outputs, together * channels, ...window]);
}

/** Has quantized convolutions of small groups compute some of these as one, with zeros between them. */
export const groupsTogether = rulePass({
  name: "groups-together",
  summary:
    "Joins small groups of quantized convolutions, with zeros between them: the kernel does not gain from groups of few channels.",
  rules: [groupsTogetherRule],
});
