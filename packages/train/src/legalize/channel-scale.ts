import type { Value } from "@lowbit/ir";
import { alongAxis, dims, type ChannelScale, type LegalizeContext } from "./legalization.ts";

/** x·scale per channel; what reads it may take the scale elsewhere. */
export function scaleChannels(context: LegalizeContext, x: Value, scale: Value): Value {
  const scaled = context.op.Mul([x, alongAxis(context, scale, 1, dims(x).length)]);
  context.channelScales.set(scaled, { unscaled: x, scale });
  return scaled;
}

/**
 * The scale that both gradients of a convolution can take from dY: dX = dY'·(scale·W), dW = scale·(dY'·X). Null where dY has
 * none, or where weights are as large as activations, so that scaling them twice saves nothing.
 */
export function channelScaleOf(
  context: LegalizeContext,
  dy: Value,
  weightDims: readonly number[],
): ChannelScale | null {
  const found = context.channelScales.get(dy);
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  return found && 2 * size(weightDims) < size(dims(dy)) ? found : null;
}

/** Weights or their gradient [O, ...] times one number per output channel. */
export function scaleWeights(context: LegalizeContext, w: Value, scale: Value): Value {
  return context.op.Mul([w, alongAxis(context, scale, 0, dims(w).length)]);
}
