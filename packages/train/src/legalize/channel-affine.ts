import { Tensor, type Value } from "@lowbit/ir";
import { alongAxis, dims, type LegalizeContext } from "./legalization.ts";

/**
 * Positions per plane from which on a 1x1 convolution with one channel per group beats a BatchNormalization with mean 0
 * and variance 1; below, beginning each plane costs more than it does. (96 channels at 48x48, batch 16: 1.1 and 1.9 ms, at
 * 24x24 0.24 and 0.41, at 12x12 0.12 and 0.14, at 6x6 0.39 and 0.05.)
 */
const worthConvolving = 144;

/** x·factor + shift per channel in one pass; x is [N, C, ...], factor and shift are [C]. */
export function channelAffine(context: LegalizeContext, x: Value, factor: Value, shift: Value): Value {
  if (isWide(x)) return context.op.Conv([x, perPlane(context, x, factor), shift], { group: dims(factor)[0]! });
  const channels = dims(factor)[0]!;
  const filled = (value: number, name: string): Value =>
    context.editor.initializer(Tensor.fromTyped("float", [channels], new Float32Array(channels).fill(value)), name);
  return context.op.BatchNormalization([x, factor, shift, filled(0, "no_mean"), filled(1, "unit_variance")], {
    epsilon: 0,
  });
}

/**
 * y + x·factor + shift per channel. On wide planes one pass that writes over y where nothing else needs it any more.
 */
export function addChannelAffine(context: LegalizeContext, y: Value, x: Value, factor: Value, shift: Value): Value {
  if (!isWide(x)) return context.op.Add([y, channelAffine(context, x, factor, shift)]);
  return context.op.FusedConv([x, perPlane(context, x, factor), shift, y], { group: dims(factor)[0]! });
}

function isWide(x: Value): boolean {
  const [, , ...plane] = dims(x);
  return plane.reduce((a, b) => a * b, 1) >= worthConvolving;
}

/** Numbers [C] as the weights of a 1x1 convolution with one channel per group. */
function perPlane(context: LegalizeContext, x: Value, factor: Value): Value {
  return alongAxis(context, factor, 0, dims(x).length);
}
