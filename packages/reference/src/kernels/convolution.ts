import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { forEachProducts, type ConvolutionSizes } from "../convolve.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { makeWindow, outputSizes, perAxis, windowOf, type Window } from "../window.ts";

/** A convolution's window and channel counts, from the shapes of X and W. */
export interface ConvolutionPlan {
  readonly window: Window;
  readonly sizes: ConvolutionSizes;
  readonly xDims: readonly number[];
  readonly wDims: readonly number[];
  readonly yDims: readonly number[];
}

/** The plan of a Conv-like node. @throws CompileError `reference/invalid-node` when the shapes do not fit. */
export function planConvolution(call: KernelCall, x: readonly number[], w: readonly number[]): ConvolutionPlan {
  const groups = call.node.int("group", 1);
  const [batch, channels] = x as [number, number];
  const [features, inChannels] = w as [number, number];
  if (x.length < 3 || w.length !== x.length)
    call.fail(`cannot convolve [${x.join(",")}] with weights [${w.join(",")}]`);
  if (channels !== inChannels * groups) {
    call.fail(`input channels ${channels} must equal weight channels ${inChannels} x group ${groups}`);
  }
  if (features % groups !== 0) call.fail(`${features} output channels are not a multiple of group ${groups}`);
  const window = windowOf(call, x.slice(2), w.slice(2));
  return {
    window,
    sizes: { batch, groups, inChannels, outChannels: features / groups },
    xDims: x,
    wDims: w,
    yDims: [batch, features, ...outputSizes(window)],
  };
}

/** The convolution's sums in float64, without bias. */
function convolve(plan: ConvolutionPlan, x: Float64Array, w: Float64Array): Float64Array {
  const y = new Float64Array(sizeOf(plan.yDims));
  forEachProducts(plan.window, plan.sizes, (xAt, xStep, wAt, yAt, count) => {
    const weight = w[wAt]!;
    for (let i = 0; i < count; i++) y[yAt + i]! += x[xAt + i * xStep]! * weight;
  });
  return y;
}

/** The gradient to the input: every output cotangent goes back along the products it came from. */
export function convolveBackToInput(plan: ConvolutionPlan, dy: Float64Array, w: Float64Array): Float64Array {
  const dx = new Float64Array(sizeOf(plan.xDims));
  forEachProducts(plan.window, plan.sizes, (xAt, xStep, wAt, yAt, count) => {
    const weight = w[wAt]!;
    for (let i = 0; i < count; i++) dx[xAt + i * xStep]! += dy[yAt + i]! * weight;
  });
  return dx;
}

/** The gradient to the weights. */
export function convolveBackToWeight(plan: ConvolutionPlan, dy: Float64Array, x: Float64Array): Float64Array {
  const dw = new Float64Array(sizeOf(plan.wDims));
  forEachProducts(plan.window, plan.sizes, (xAt, xStep, wAt, yAt, count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += dy[yAt + i]! * x[xAt + i * xStep]!;
    dw[wAt]! += sum;
  });
  return dw;
}

/** Adds one number per channel to `[N, C, …]`. */
function addPerChannel(y: Float64Array, dims: readonly number[], bias: ArrayLike<number>): void {
  const channels = dims[1]!;
  const plane = sizeOf(dims.slice(2));
  for (let i = 0; i < y.length; i++) y[i]! += bias[Math.floor(i / plane) % channels]!;
}

/** `X * W + B` by the attributes of a Conv node. */
export function conv(call: KernelCall, x: Tensor, w: Tensor, b: Tensor | null): Tensor {
  const plan = planConvolution(call, x.dims, w.dims);
  const y = convolve(plan, x.numbers(), w.numbers());
  if (b) addPerChannel(y, plan.yDims, biasOf(call, b, plan.yDims[1]!));
  return tensorOf(x.dtype, plan.yDims, y);
}

function biasOf(call: KernelCall, b: Tensor, channels: number): Float64Array {
  return b.size === channels ? b.numbers() : call.fail(`bias has ${b.size} elements for ${channels} output channels`);
}

/** A transposed convolution is the gradient to the input of the convolution with the same attributes. */
export function convTranspose(call: KernelCall, x: Tensor, w: Tensor, b: Tensor | null): Tensor {
  const plan = planTransposed(call, x.dims, w.dims);
  const y = convolveBackToInput(plan, x.numbers(), w.numbers());
  if (b) addPerChannel(y, plan.xDims, biasOf(call, b, plan.xDims[1]!));
  return tensorOf(x.dtype, plan.xDims, y);
}

/** The forward convolution that a ConvTranspose undoes: its Y is our X `[N, C, …]`, its weights `[C, M/group, …]`. */
function planTransposed(call: KernelCall, x: readonly number[], w: readonly number[]): ConvolutionPlan {
  const groups = call.node.int("group", 1);
  const rank = x.length - 2;
  if (rank < 1 || w.length !== x.length || x[1] !== w[0]) {
    call.fail(`cannot convolve [${x.join(",")}] with transposed weights [${w.join(",")}]`);
  }
  const window = transposedWindow(call, x.slice(2), w.slice(2));
  const outChannels = w[1]!;
  return {
    window,
    sizes: { batch: x[0]!, groups, inChannels: outChannels, outChannels: x[1]! / groups },
    xDims: [x[0]!, outChannels * groups, ...window.axes.slice(3 - rank).map((axis) => axis.input)],
    wDims: w,
    yDims: x,
  };
}

/** The forward window whose output is the operand of a ConvTranspose and whose input is its result. */
function transposedWindow(call: KernelCall, input: readonly number[], kernel: readonly number[]): Window {
  const rank = input.length;
  const strides = perAxis(call, "strides", rank, 1);
  const dilations = perAxis(call, "dilations", rank, 1);
  const extra = perAxis(call, "output_padding", rank, 0);
  const pads = perAxis(call, "pads", 2 * rank, 0);
  const wanted = call.node.ints("output_shape", []).slice(-rank);
  const autoPad = call.node.string("auto_pad", "NOTSET");
  const same = autoPad.startsWith("SAME");
  const axes = input.map((size, i) => {
    const geometry = { output: size, kernel: kernel[i]!, stride: strides[i]!, dilation: dilations[i]! };
    const full = (size - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 + extra[i]!;
    if (wanted.length === 0 && !same) {
      const [padBegin, padEnd] = autoPad === "VALID" ? [0, 0] : [pads[i]!, pads[rank + i]!];
      return { ...geometry, padBegin, padEnd, input: full - padBegin - padEnd };
    }
    // The size is given, so the padding is what is left over; the odd one goes to the begin unless SAME_UPPER.
    const result = wanted[i] ?? size * strides[i]!;
    const total = Math.max(0, full - result);
    const half = Math.floor(total / 2);
    const padBegin = autoPad === "SAME_UPPER" ? half : total - half;
    return { ...geometry, padBegin, padEnd: total - padBegin, input: result };
  });
  return makeWindow(call, axes);
}

/** Convolutions, in float64 sums rounded once. */
export const convolutionKernels = {
  Conv: (call) => conv(call, call.tensor(0), call.tensor(1), call.optional(2)),
  ConvTranspose: (call) => convTranspose(call, call.tensor(0), call.tensor(1), call.optional(2)),
} satisfies Readonly<Record<string, Kernel>>;
