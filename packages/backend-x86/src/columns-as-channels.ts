import { Tensor, type Node, type Value } from "@lowbit/ir";
import { Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";
import {
  convolutionOf,
  integerConvolution,
  largestPadded,
  operandObjection,
  readAtOnce,
} from "./integer-convolution.ts";

/** How a convolution of one channel looks with the columns of its window as channels. */
interface Form {
  readonly rows: number;
  readonly columns: number;
  /** Columns of the result. */
  readonly width: number;
  /** Vertical and horizontal. */
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
}

/**
 * The form of a convolution whose integer kernel is faster that way; why there is none otherwise.
 *
 * @param weight its dimensions
 */
export function columnsAsChannelsOf(node: Node, weight: readonly number[]): Form | string {
  const [, channels, rows, columns] = weight as [number, number, number, number];
  if (node.int("group", 1) !== 1 || weight.length !== 4) return "it is no convolution of images";
  if (channels !== 1) return `it has ${channels} input channels`;
  if (rows * columns <= largestPadded) return `its window has only ${rows * columns} elements`;
  if (columns % readAtOnce !== 0) return `its window has ${columns} columns`;
  if (node.string("auto_pad", "NOTSET") !== "NOTSET") return "it pads by itself";
  if (node.ints("dilations", [1, 1]).some((each) => each !== 1)) return "its window has gaps";
  const width = node.output.shape?.at(-1);
  if (typeof width !== "number") return "the width of its result is unknown";
  const strides = node.ints("strides", [1, 1]) as readonly number[] as Form["strides"];
  return { rows, columns, width, strides, pads: node.ints("pads", [0, 0, 0, 0]) as readonly number[] as Form["pads"] };
}

/**
 * Conv(DQ(x), DQ(w)) of one channel  →  Conv(DQ(Concat(x[…, j::s] for each column j)), DQ(w')) with
 * w'[o, j, i, 0] = w[o, 0, i, j]: exact in value, and the kernel reads four channels at once.
 */
const columnsAsChannelsRule = rule({
  name: "columns-as-channels",
  pattern: integerConvolution,
  rewrite(match, context) {
    const { codes, zero, weight, conv } = match;
    const form = columnsAsChannelsOf(conv, weight.constant.dims);
    if (typeof form === "string") return new Reject(form, conv);
    const objection = operandObjection(zero.constant);
    if (objection) return new Reject(objection, conv);
    const { strides, pads } = form;
    const turned = {
      codes: columnsOf(codes, zero, form, context),
      weights: withColumnsAsChannels(weight.constant),
    };
    return convolutionOf(match, turned, context, {
      ...(conv.attributes.has("kernel_shape") ? { kernel_shape: [form.rows, 1] } : {}),
      strides: [strides[0], 1],
      pads: [pads[0], 0, pads[2], 0],
    });
  },
});

/** The codes that each column of the window meets, as channels. */
function columnsOf(codes: Value, zero: Value, { columns, width, strides, pads }: Form, context: RewriteContext): Value {
  const ints = (name: string, ...numbers: readonly number[]): Value =>
    context.constant(Tensor.of("int64", numbers), name);
  const [, left, , right] = pads;
  const isPadded = left > 0 || right > 0;
  const padded = isPadded ? context.op.Pad([codes, ints("pads", 0, 0, 0, left, 0, 0, 0, right), zero]) : codes;
  const [axis, step] = [ints("axis", 3), ints("step", strides[1])];
  const channels = Array.from({ length: columns }, (_, column) => {
    const end = column + (width - 1) * strides[1] + 1;
    return context.op.Slice([padded, ints("start", column), ints("end", end), axis, step]);
  });
  return context.op.Concat(channels, { axis: 1 });
}

/** Weights [o, 1, i, j] as [o, j, i, 1]. */
function withColumnsAsChannels(weight: Tensor): Tensor {
  const [outputs, , rows, columns] = weight.dims as [number, number, number, number];
  const [from, to] = [weight.numbers(), new Int8Array(weight.size)];
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) to[(o * columns + j) * rows + i] = from[(o * rows + i) * columns + j]!;
  return Tensor.of(weight.dtype, to, [outputs, columns, rows, 1]);
}

/** Gives integer convolutions of one channel and a large window its columns as channels. */
export const columnsAsChannels = rulePass({
  name: "columns-as-channels",
  summary:
    "Turns the columns of the windows of quantized convolutions of one channel into channels, four of which the kernel reads at once.",
  rules: [columnsAsChannelsRule],
});
