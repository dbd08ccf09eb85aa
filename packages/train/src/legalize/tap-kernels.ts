import { Tensor, type Value } from "@lowbit/ir";
import type { LegalizeContext } from "./legalization.ts";

/**
 * Kernels [filters, C / groups, ...kernel] that gather the patches which windows see: one for each channel and tap that picks it.
 * Filters beyond these pick nothing.
 *
 * @param channels C
 * @param groups 1, or C where each channel is read by itself
 */
export function tapKernels(
  { editor }: LegalizeContext,
  filters: number,
  channels: number,
  groups: number,
  kernel: readonly number[],
): Value {
  const perGroup = channels / groups;
  const size = kernel.reduce((a, b) => a * b, perGroup);
  const kernels = new Float32Array(filters * size);
  for (let row = 0; row < size * groups; row++) kernels[row * size + (row % size)] = 1;
  return editor.initializer(Tensor.fromTyped("float", [filters, perGroup, ...kernel], kernels), "picks");
}
