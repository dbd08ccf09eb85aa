import { dims, operand, reshape, type LegalizeContext } from "./legalization.ts";
import { channelScaleOf, scaleWeights } from "./channel-scale.ts";
import { convolve } from "./convolution.ts";
import { depthwiseForm } from "./depthwise-form.ts";
import { exchangeBatch } from "./exchange-batch.ts";
import { flipped } from "./flipped.ts";
import { wholePlane } from "./whole-plane.ts";
import { exactPadsEnd, staticWindow, type StaticWindow } from "./window.ts";
import type { Value } from "@lowbit/ir";

/**
 * dX of Y = Conv(X, W): a transposed convolution of dY with W. At stride 1 it is written as a plain convolution with the
 * weights flipped and their channel axes exchanged, which has the faster kernel; over a whole plane as a matrix product.
 */
export function convGradInput(context: LegalizeContext): readonly Value[] {
  const { node, op } = context;
  const [scaled, weights, x] = [operand(context, 0), operand(context, 1), operand(context, 2)];
  const factored = channelScaleOf(context, scaled, dims(weights));
  const [dy, w] = factored ? [factored.unscaled, scaleWeights(context, weights, factored.scale)] : [scaled, weights];
  const [batch, , ...input] = dims(x);
  const [, , ...output] = dims(dy);
  const [outChannels, perGroup, ...kernel] = dims(w);
  const window = staticWindow(node, kernel, input, output);
  const group = node.int("group", 1);
  const plane = group === 1 ? wholePlane(context, w, window, input, output) : null;
  if (plane) {
    const product = op.Gemm([reshape(context, dy, [batch!, outChannels!]), plane.weights]);
    return [reshape(context, product, dims(x))];
  }
  const depthwise = depthwiseForm(context, dims(w), group, { window, input, output });
  if (depthwise) return [depthwise.toInput(dy, w)];
  const padsEnd = exactPadsEnd(window, input, output);
  const isDepthwise = group === outChannels && perGroup === 1;
  const turned = turnedWindow(window, padsEnd);
  if (turned && (group === 1 || isDepthwise)) {
    return [convolve(context, dy, flipped(context, w, group), turned, group, input)];
  }
  return [transposed(context, dy, w, { ...window, padsEnd }, group)];
}

/**
 * Largest plane of dY from which all samples of a batch are brought back together, as one three-dimensional convolution:
 * ONNX Runtime makes one matrix product per sample otherwise. (256 to 128 channels, 2x2 to 4x4, batch 32: 4.5 ms by the sample
 * and 1.8 together; 128 to 64, 4x4 to 8x8: 0.8 and 2.9.)
 */
const smallPlane = 4;

function transposed(context: LegalizeContext, dy: Value, w: Value, window: StaticWindow, group: number): Value {
  const { op } = context;
  const { kernel, strides, dilations, padsBegin, padsEnd } = window;
  const [batch, outChannels, ...output] = dims(dy);
  const [, channels] = dims(w);
  // Positions of X that no window covers get no gradient: a negative pad at the far end makes room for them.
  const overhang = padsEnd.map((pad) => Math.max(0, -pad));
  const end = padsEnd.map((pad) => Math.max(0, pad));
  const isSmall = output.reduce((a, b) => a * b, 1) <= smallPlane && batch! > 1;
  if (!isSmall || group !== 1 || kernel.length !== 2) {
    const pads = [...padsBegin, ...end];
    const attributes = { strides, dilations, pads, output_padding: overhang, group, kernel_shape: kernel };
    return op.ConvTranspose([dy, w], attributes);
  }
  const volume = reshape(context, exchangeBatch(context, dy), [1, outChannels!, batch!, ...output]);
  const result = op.ConvTranspose([volume, reshape(context, w, [outChannels!, channels!, 1, ...kernel])], {
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    pads: [0, ...padsBegin, 0, ...end],
    output_padding: [0, ...overhang],
    kernel_shape: [1, ...kernel],
  });
  const input = dims(result).slice(3);
  return exchangeBatch(context, reshape(context, result, [channels!, batch!, ...input]));
}

/** The window of the plain convolution that leads back from dY to X; null at other strides or where it would crop. */
function turnedWindow(window: StaticWindow, padsEnd: readonly number[]): StaticWindow | null {
  if (window.strides.some((stride) => stride !== 1)) return null;
  const reach = window.kernel.map((size, axis) => (size - 1) * window.dilations[axis]!);
  const begin = reach.map((r, axis) => r - window.padsBegin[axis]!);
  const end = reach.map((r, axis) => r - padsEnd[axis]!);
  return [...begin, ...end].every((pad) => pad >= 0) ? { ...window, padsBegin: begin, padsEnd: end } : null;
}
