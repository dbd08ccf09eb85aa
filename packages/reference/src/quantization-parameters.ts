import { bitsPerElement, isInteger, type DType, type Tensor } from "@lowbit/ir";
import { sizeOf } from "./arrays/indices.ts";
import { aroundAxis } from "./arrays/regroup.ts";
import type { Affine } from "./integer-arithmetic/types.ts";
import type { KernelCall } from "./kernel.ts";

/**
 * For each element of a tensor, the place of its scale and zero point: null when there is one for all; along an axis
 * when the parameters are a list; per block when `blockSize` neighbours along the axis share one.
 *
 * @throws CompileError `reference/invalid-node` when the parameters' shape does not fit
 */
export function parameterPlaces(
  call: KernelCall,
  dims: readonly number[],
  parameters: readonly number[],
  axis: number | null,
  blockSize: number,
): Int32Array | null {
  if (blockSize === 0 && (parameters.length === 0 || axis === null || sizeOf(parameters) === 1)) return null;
  const along = call.axis(axis ?? 1, dims.length);
  const { length, inner } = aroundAxis(dims, along);
  const blocks = blockSize > 0 ? Math.ceil(length / blockSize) : length;
  const expected = blockSize > 0 ? dims.with(along, blocks) : [length];
  if (sizeOf(parameters) !== sizeOf(expected)) {
    call.fail(
      `a scale of shape [${parameters.join(",")}] does not fit axis ${along} of [${dims.join(",")}]; [${expected.join(",")}] does`,
    );
  }
  return Int32Array.from({ length: sizeOf(dims) }, (_, i) => {
    const index = Math.floor(i / inner) % length;
    if (blockSize === 0) return index;
    const outer = Math.floor(i / (inner * length));
    return (outer * blocks + Math.floor(index / blockSize)) * inner + (i % inner);
  });
}

/** Whether a dtype can hold quantized codes: integers of at most 32 bits. */
export function isCode(dtype: DType): boolean {
  return isInteger(dtype) && bitsPerElement(dtype) <= 32;
}

/** The parameters of a per-tensor quantized operand. @throws CompileError `reference/invalid-node` when there are several. */
export function affineOf(call: KernelCall, scale: Tensor, zeroPoint: Tensor | null): Affine {
  if (scale.size !== 1 || (zeroPoint && zeroPoint.size !== 1))
    call.fail("needs one scale and one zero point per tensor");
  return { scale: scale.item(), zeroPoint: zeroPoint?.item() ?? 0 };
}
