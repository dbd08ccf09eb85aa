import type { DepthwiseForm, DepthwiseShape } from "./depthwise.ts";
import { blockedDepthwise } from "./blocked-depthwise.ts";
import { depthwiseMatrices } from "./depthwise-matrices.ts";
import type { LegalizeContext } from "./legalization.ts";

/**
 * The form of a convolution with one channel per group that is fastest here: on blocks of channels where ONNX Runtime has
 * them, as matrices where planes are small; null for other convolutions, and where neither pays.
 */
export function depthwiseForm(
  context: LegalizeContext,
  [channels, perGroup]: readonly number[],
  group: number,
  shape: Omit<DepthwiseShape, "channels">,
): DepthwiseForm | null {
  if (group === 1 || group !== channels || perGroup !== 1) return null;
  const full = { ...shape, channels };
  return blockedDepthwise(context, full) ?? depthwiseMatrices(context, full);
}
