import type { Value } from "@lowbit/ir";
import { cropWeights } from "./crop-weights.ts";
import { dims, reshape, type LegalizeContext } from "./legalization.ts";
import type { StaticWindow } from "./window.ts";

/** The weights of a convolution with a single output position that sees the whole input plane: a dense layer. */
export interface WholePlane {
  /** [O, C · positions]. */
  readonly weights: Value;
  readonly positions: number;
}

/** The dense form of a convolution with one output position, null for others. */
export function wholePlane(
  context: LegalizeContext,
  w: Value,
  window: StaticWindow,
  input: readonly number[],
  output: readonly number[],
): WholePlane | null {
  const taps = tapsOnPlane(context, w, window, input, output);
  if (!taps) return null;
  const positions = input.reduce((a, b) => a * b, 1);
  const [outChannels, channels] = dims(w);
  return { weights: reshape(context, taps, [outChannels!, channels! * positions]), positions };
}

/**
 * The weights of a convolution with one output position without the taps that only ever meet padding, [O, C, ...input]: of a
 * 3x3 kernel over a 1x1 plane its centre, over a 2x2 plane at stride 2 its last 2x2 taps. Null for other convolutions.
 */
export function tapsOnPlane(
  context: LegalizeContext,
  w: Value,
  window: StaticWindow,
  input: readonly number[],
  output: readonly number[],
): Value | null {
  if (output.some((size) => size !== 1) || window.dilations.some((dilation) => dilation !== 1)) return null;
  const first = window.padsBegin;
  const fits = window.kernel.every((size, axis) => first[axis]! >= 0 && first[axis]! + input[axis]! <= size);
  return fits ? cropWeights(context, w, first, input) : null;
}
