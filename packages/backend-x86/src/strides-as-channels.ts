import { Tensor, type Node, type Value } from "@lowbit/ir";
import { Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";
import { convolutionOf, integerConvolution, leastOutputs, readAtOnce, zeroObjection } from "./integer-convolution.ts";
import { pixelsTogether } from "./pixels-as-channels.ts";

/** Most input channels of a convolution that gets more: with four, the kernel reads them as they are. */
const mostChannels = readAtOnce - 1;

/** How many times as many products a window of blocks may have: zeros fill up what it takes in beyond the window. */
const mostAdded = 2;

/** One axis of the plane in blocks of as many rows (or columns) as a stride goes. */
interface BlockedAxis {
  readonly stride: number;
  /** Zero codes before and behind the image, so that it is made of whole blocks. */
  readonly before: number;
  readonly behind: number;
  /** Blocks of the image and of the window. */
  readonly blocks: number;
  readonly window: number;
  /** Rows of the first block of a window before the window begins. */
  readonly shift: number;
  /** Pads of the convolution in blocks. */
  readonly pads: readonly [begin: number, end: number];
}

/** How a convolution with strides looks with the blocks that they step over as channels. */
export interface BlockedForm {
  readonly rows: BlockedAxis;
  readonly columns: BlockedAxis;
  /** Input channels before. */
  readonly channels: number;
  /** Pixels that it computes at once afterwards. */
  readonly pixels: number;
}

/**
 * The form of a convolution of few channels with strides whose integer kernel is faster that way; why there is none otherwise.
 *
 * @param weight its dimensions
 */
export function stridesAsChannelsOf(node: Node, weight: readonly number[]): BlockedForm | string {
  const [outputs, channels, height, width] = weight as [number, number, number, number];
  if (node.int("group", 1) !== 1 || weight.length !== 4) return "it is no convolution of images";
  if (channels > mostChannels) return `it has ${channels} input channels`;
  if (height * width === 1) return "its window has one element";
  if (node.string("auto_pad", "NOTSET") !== "NOTSET") return "it pads by itself";
  if (node.ints("dilations", [1, 1]).some((each) => each !== 1)) return "its window has gaps";
  const [down, right] = node.ints("strides", [1, 1]) as readonly number[] as [number, number];
  if ((channels * down * right) % readAtOnce !== 0) return `blocks of ${down} by ${right} have too few elements`;
  const [image, result] = [node.inputs[0]?.shape ?? [], node.output.shape ?? []];
  const sizes = [...image.slice(2), ...result.slice(2)];
  if (sizes.length !== 4 || !sizes.every((each) => typeof each === "number")) return "its image is of unknown size";
  const [inRows, inColumns, outRows, outColumns] = sizes as unknown as [number, number, number, number];
  const [top, left] = node.ints("pads", [0, 0, 0, 0]) as readonly number[] as [number, number];
  const rows = blockedAxis(inRows, outRows, height, down, top);
  const columns = blockedAxis(inColumns, outColumns, width, right, left);
  if (rows === null || columns === null) return "its strides leave a part of the image out";
  const products = rows.window * columns.window * down * right;
  if (products > mostAdded * height * width) return `its window of ${height * width} elements would get ${products}`;
  const pixels = pixelsTogether({
    channels: channels * down * right,
    outputs,
    window: [rows.window, columns.window],
    stride: 1,
    plane: [outRows, outColumns],
  });
  if (outputs * pixels < leastOutputs) return `it has ${outputs} output channels`;
  return { rows, columns, channels, pixels };
}

/** An axis in blocks: with zeros around the image where it has no whole blocks, or where windows are smaller so. */
function blockedAxis(size: number, result: number, window: number, stride: number, pad: number): BlockedAxis | null {
  const whole = Math.ceil(window / stride);
  const shift = (stride - (pad % stride)) % stride;
  const isPadded = size % stride !== 0 || Math.ceil((window + shift) / stride) > whole;
  const before = isPadded ? pad % stride : 0;
  const behind = (stride - ((size + before) % stride)) % stride;
  const blocks = (size + before + behind) / stride;
  const blockWindow = isPadded ? whole : Math.ceil((window + shift) / stride);
  const begin = isPadded ? Math.floor(pad / stride) : Math.ceil(pad / stride);
  const end = result - 1 + blockWindow - blocks - begin;
  if (end < 0) return null;
  return { stride, before, behind, blocks, window: blockWindow, shift: isPadded ? 0 : shift, pads: [begin, end] };
}

/**
 * Conv(DQ(x), DQ(w)) with strides s  →  Conv(DQ(blocks of s by s as channels), DQ(w')) without: exact in value. The kernel reads
 * channels four at a time, and gathers the windows of fewer one by one.
 */
const stridesAsChannelsRule = rule({
  name: "strides-as-channels",
  pattern: integerConvolution,
  rewrite(match, context) {
    const { codes, zero, weight, conv } = match;
    const form = stridesAsChannelsOf(conv, weight.constant.dims);
    if (typeof form === "string") return new Reject(form, conv);
    const objection = zeroObjection(match);
    if (objection) return objection;
    const { rows, columns } = form;
    const turned = { codes: blocksOf(codes, zero, form, context), weights: inBlocks(weight.constant, form) };
    return convolutionOf(match, turned, context, {
      ...(conv.attributes.has("kernel_shape") ? { kernel_shape: [rows.window, columns.window] } : {}),
      strides: [1, 1],
      pads: [rows.pads[0], columns.pads[0], rows.pads[1], columns.pads[1]],
    });
  },
});

/**
 * Codes [n, c, h·s, w·t] as [n, c·s·t, h, w], channels last in memory. Rows move first, past images too, so that one matrix is
 * left to transpose: a matrix per row of blocks waits for other threads in each, 20 times as long as one thread works.
 * (SpaceToDepth, and a Transpose of six axes, take several times as long.)
 */
function blocksOf(codes: Value, zero: Value, { rows, columns, channels }: BlockedForm, context: RewriteContext): Value {
  const ints = (name: string, ...numbers: readonly number[]): Value =>
    context.constant(Tensor.of("int64", numbers), name);
  const pads = [0, 0, rows.before, columns.before, 0, 0, rows.behind, columns.behind];
  const padded = pads.some((pad) => pad > 0) ? context.op.Pad([codes, ints("pads", ...pads), zero]) : codes;
  const width = columns.blocks * columns.stride;
  const split = context.op.Reshape([padded, ints("rows", 0, channels, rows.blocks, rows.stride, width)]);
  // Five axes for one channel too: with four, ONNX Runtime takes a path that is half as fast.
  const lines = context.op.Transpose([split], { perm: [1, 3, 0, 2, 4] });
  const count = channels * rows.stride;
  const cells = context.op.Reshape([lines, ints("columns", count, -1, columns.stride)]);
  const last = context.op.Transpose([cells], { perm: [1, 0, 2] });
  const image = context.op.Reshape([last, ints("blocks", -1, rows.blocks, columns.blocks, count * columns.stride)]);
  return context.op.Transpose([image], { perm: [0, 3, 1, 2] });
}

/** Weights [o, c, i, j] as [o, c·s·t, i / s, j / t], with zeros where a block has no part in the window. */
function inBlocks(weight: Tensor, { rows, columns }: BlockedForm): Tensor {
  const [outputs, channels, height, width] = weight.dims as [number, number, number, number];
  const [s, t] = [rows.stride, columns.stride];
  const dims = [outputs, channels * s * t, rows.window, columns.window];
  const [from, to] = [weight.numbers(), new Int8Array(dims.reduce((product, each) => product * each, 1))];
  for (let oc = 0; oc < outputs * channels; oc++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        const [row, column] = [i + rows.shift, j + columns.shift];
        const channel = (oc * s + (row % s)) * t + (column % t);
        const at = (channel * rows.window + Math.floor(row / s)) * columns.window + Math.floor(column / t);
        to[at] = from[(oc * height + i) * width + j]!;
      }
  return Tensor.of(weight.dtype, to, dims);
}

/** Gives integer convolutions of few channels the blocks that their strides step over as channels. */
export const stridesAsChannels = rulePass({
  name: "strides-as-channels",
  summary:
    "Turns the blocks that quantized convolutions of few channels step over into channels, four of which the kernel reads at once.",
  rules: [stridesAsChannelsRule],
});
