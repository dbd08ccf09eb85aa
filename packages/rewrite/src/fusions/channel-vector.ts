import type { Tensor, Node } from "@lowbit/ir";
import { outputChannelAxis } from "./linear-op.ts";

/**
 * A constant that is combined with the result of a linear node, as one number per output channel; null when it varies along
 * another axis, or makes the result larger.
 */
export function channelVector(operand: Tensor, linear: Node, channels: number): Float64Array | null {
  const rank = linear.output.shape?.length;
  const { dims } = operand;
  if (rank === undefined || dims.length > rank) return null;
  const channelAxis = outputChannelAxis(linear, rank);
  const isPerChannel = dims.every(
    (dim, i) => dim === 1 || (i + rank - dims.length === channelAxis && dim === channels),
  );
  if (!isPerChannel) return null;
  const values = operand.numbers();
  return values.length === 1 ? new Float64Array(channels).fill(values[0]!) : values;
}
