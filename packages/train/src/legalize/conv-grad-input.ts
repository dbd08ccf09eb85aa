import { dims, operand, reshape, type LegalizeContext } from "./legalization.ts";
import { channelScaleOf, scaleWeights } from "./channel-scale.ts";
import { convolve } from "./convolution.ts";
import { depthwiseForm } from "./depthwise-form.ts";
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
  // Positions of X that no window covers get no gradient: a negative pad at the far end makes room for them.
  const overhang = padsEnd.map((pad) => Math.max(0, -pad));
  const result = op.ConvTranspose([dy, w], {
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...padsEnd.map((pad) => Math.max(0, pad))],
    output_padding: overhang,
    group,
    kernel_shape: kernel,
  });
  return [result];
}

/** The window of the plain convolution that leads back from dY to X; null at other strides or where it would crop. */
function turnedWindow(window: StaticWindow, padsEnd: readonly number[]): StaticWindow | null {
  if (window.strides.some((stride) => stride !== 1)) return null;
  const reach = window.kernel.map((size, axis) => (size - 1) * window.dilations[axis]!);
  const begin = reach.map((r, axis) => r - window.padsBegin[axis]!);
  const end = reach.map((r, axis) => r - padsEnd[axis]!);
  return [...begin, ...end].every((pad) => pad >= 0) ? { ...window, padsBegin: begin, padsEnd: end } : null;
}
