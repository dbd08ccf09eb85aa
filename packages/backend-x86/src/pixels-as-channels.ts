import { Tensor, type Node, type Value } from "@lowbit/ir";
import { any, constant, op, optional, Reject, rule, rulePass, type RewriteContext } from "@lowbit/rewrite";
import { leastOutputs, zeroObjection } from "./integer-convolution.ts";

/** Output channels up to which pixels are taken together: the kernel works on two blocks of 16 about as fast per product as on more. */
const mostOutputs = 2 * leastOutputs;

/** Input channels beyond which products with zeros cost more than two blocks gain over one. */
const mostInputs = 32;

/** Pixels beyond which there is little to gain; each takes a node in the file. */
const mostPixels = 8;

/** How many times as many products a convolution that fills a block already may get. */
const mostAdded = 4 / 3;

/** Elements of a plane below which another node costs as much as the kernel gains. */
const leastPlane = 64;

/** The same where a block is full already, and for windows of one element, which get most products. */
const leastPlaneOfFull = 256;
const leastPlaneOfPointwise = 1024;

/** What tells how many pixels a convolution computes best at once. */
export interface ConvolutionSizes {
  readonly channels: number;
  readonly outputs: number;
  /** Rows and columns of the window. */
  readonly window: readonly [rows: number, columns: number];
  /** How far windows go to the right. */
  readonly stride: number;
  /** Rows and columns of the result. */
  readonly plane: readonly [rows: number, columns: number];
}

/**
 * How many pixels of a row the kernel on codes should compute as channels of one; 1 where that gains nothing. Where channels fill a block
 * on both sides, machines disagree: for 16 and 16 on 32x32, two pixels at once take 0.91 of the time on a Zen 5, and 1.06 on a Zen 4.
 */
export function pixelsTogether({ channels, outputs, window, stride, plane }: ConvolutionSizes): number {
  const [rows, columns] = plane;
  const isFull = outputs >= leastOutputs;
  const isPointwise = window[0] * window[1] === 1;
  const least = isPointwise ? leastPlaneOfPointwise : isFull ? leastPlaneOfFull : leastPlane;
  if (outputs > leastOutputs || rows * columns < least || (isFull && channels >= leastOutputs)) return 1;
  const most = Math.floor((channels > mostInputs ? leastOutputs : mostOutputs) / outputs);
  for (let pixels = Math.min(most, mostPixels); pixels > 1; pixels--) {
    if (columns % pixels !== 0 || (pixels < mostPixels && pixels * outputs < leastOutputs)) continue;
    if (!isFull || addedProducts(window[1], stride, pixels) <= mostAdded) return pixels;
  }
  return 1;
}

/** How many times as many products, zeros among them, so many pixels at once take. */
export function addedProducts(columns: number, stride: number, pixels: number): number {
  return (columns + (pixels - 1) * stride) / columns;
}

/**
 * How many pixels of a row a convolution computes best at once; why it is one.
 *
 * @param weight its dimensions
 */
export function pixelsAsChannelsOf(node: Node, weight: readonly number[]): number | string {
  const [outputs, channels, rows, columns] = weight as [number, number, number, number];
  if (node.int("group", 1) !== 1 || weight.length !== 4) return "it is no convolution of images";
  if (node.string("auto_pad", "NOTSET") !== "NOTSET") return "it pads by itself";
  if (node.ints("dilations", [1, 1]).at(-1) !== 1) return "its window has gaps";
  const plane = node.output.shape?.slice(2) ?? [];
  if (plane.length !== 2 || !plane.every((each) => typeof each === "number")) return "its result is of unknown size";
  const stride = node.ints("strides", [1, 1]).at(-1) as number;
  const sizes = { channels, outputs, window: [rows, columns], stride, plane: plane as readonly number[] } as const;
  const pixels = pixelsTogether(sizes as ConvolutionSizes);
  return pixels > 1 ? pixels : `${outputs} output channels on rows of ${plane[1]} are fastest as they are`;
}

/**
 * Q(Conv(DQ(x), DQ(w)))  →  Q(Conv(DQ(x), DQ(w'))) with the pixels of a row, some at once, as channels of the result, put back in a row: exact in value.
 * The window of w' is as much wider as those pixels lie apart, and has w at the place of each. The kernel on codes fills blocks of
 * 16 channels, and channels last in memory are pixels side by side, so that nothing moves.
 */
const pixelsAsChannelsRule = rule({
  name: "pixels-as-channels",
  pattern: op(
    "QuantizeLinear",
    [
      op(
        "Conv",
        [
          op("DequantizeLinear", [any("codes"), constant("scale"), constant("zero")], { as: "x" }),
          op("DequantizeLinear", [constant("weight"), constant("weightScale"), constant("weightZero")], { as: "w" }),
          optional(any("bias")),
        ],
        { as: "conv" },
      ),
      constant("resultScale"),
      constant("resultZero"),
    ],
    { as: "quantize" },
  ),
  rewrite(match, context) {
    const { x, weight, weightScale, weightZero, w, bias, conv, resultScale, resultZero, quantize } = match;
    const pixels = pixelsAsChannelsOf(conv, weight.constant.dims);
    if (typeof pixels === "string") return new Reject(pixels, conv);
    const objection = zeroObjection(match);
    if (objection) return objection;
    const { dtype } = weight.constant;
    if (dtype !== "int8") return new Reject(`its weights are ${dtype}, and ONNX Runtime pads and joins none`, weight);
    if (resultScale.constant.size !== 1) return new Reject("its result has a scale per channel", quantize);
    if (bias && !isRepeatable(bias)) return new Reject("its bias is computed", conv);
    const stride = conv.ints("strides", [1, 1]).at(-1) as number;
    const filters = context.like(w, [
      context.op.Concat(shifted(weight, pixels, stride, context), { axis: 0 }),
      repeated(weightScale, pixels, context),
      repeated(weightZero, pixels, context),
    ]);
    const operands = [x.output, filters, ...(bias ? [repeatedBias(bias, pixels, context)] : [])];
    const [down] = conv.ints("strides", [1, 1]) as readonly number[];
    const [rows, columns] = weight.constant.dims.slice(2) as [number, number];
    const product = context.like(conv, operands, {
      ...(conv.attributes.has("kernel_shape") ? { kernel_shape: [rows, columns + (pixels - 1) * stride] } : {}),
      strides: [down!, pixels * stride],
    });
    const codes = context.like(quantize, [product, resultScale, resultZero]);
    return inRows(codes, conv, context);
  },
});

/**
 * The filters for each of the pixels: with zeros before and behind. ONNX Runtime computes them when it loads the model, so that the file
 * does not grow.
 */
function shifted(weight: Value, pixels: number, stride: number, context: RewriteContext): readonly Value[] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const pads = [0, 0, 0, pixel * stride, 0, 0, 0, (pixels - 1 - pixel) * stride];
    return context.op.Pad([weight, context.constant(Tensor.of("int64", pads), "pads")]);
  });
}

function isRepeatable({ producer, constant }: Value): boolean {
  return (
    constant !== null || (producer?.is("DequantizeLinear") === true && producer.inputs.every((each) => each?.constant))
  );
}

/** A bias per channel, for the channels of each pixel. */
function repeatedBias(bias: Value, pixels: number, context: RewriteContext): Value {
  if (bias.constant) return repeated(bias, pixels, context);
  const dequantize = bias.producer!;
  return context.like(
    dequantize,
    dequantize.inputs.map((each) => repeated(each!, pixels, context)),
  );
}

/** One number per channel, for the channels of each pixel; one for all stays. */
function repeated(value: Value, pixels: number, context: RewriteContext): Value {
  const { constant: numbers } = value;
  if (numbers!.size === 1 && numbers!.dims.length === 0) return value;
  const bytes = numbers!.bytes();
  const all = new Uint8Array(pixels * bytes.length);
  for (let pixel = 0; pixel < pixels; pixel++) all.set(bytes, pixel * bytes.length);
  return context.constant(Tensor.fromBytes(numbers!.dtype, [pixels * numbers!.size], all), value);
}

/** Codes [n, p·o, h, w / p] as [n, o, h, w]: with channels last in memory, the same. */
function inRows(codes: Value, { output }: Node, context: RewriteContext): Value {
  const [, outputs, rows, columns] = output.shape as readonly number[] as [number, number, number, number];
  const last = context.op.Transpose([codes], { perm: [0, 2, 3, 1] });
  const dims = context.constant(Tensor.of("int64", [0, rows, columns, outputs]), "rows");
  return context.op.Transpose([context.op.Reshape([last, dims])], { perm: [0, 3, 1, 2] });
}

/** Has quantized convolutions of few output channels compute some pixels of a row as channels of one. */
export const pixelsAsChannels = rulePass({
  name: "pixels-as-channels",
  summary:
    "Turns pixels of a row into output channels of quantized convolutions that have few, since their kernel fills blocks of 16.",
  rules: [pixelsAsChannelsRule],
});
