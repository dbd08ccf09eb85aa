import type { Tensor } from "@lowbit/ir";
import { sizeOf, stridedIndices, stridesOf } from "../arrays/indices.ts";
import { concatenateFlat, take } from "../arrays/take.ts";
import type { Kernel } from "../kernel.ts";
import { integers } from "./shape.ts";

const concat: Kernel = (call) => {
  const parts = call.inputs.map((_, index) => call.tensor(index));
  const first = call.tensor(0);
  const axis = call.axis(call.node.int("axis", 0), first.dims.length);
  const whole = concatenate(parts, axis);
  return (
    whole ??
    call.fail(`shapes ${parts.map((part) => `[${part.dims.join(",")}]`).join(", ")} differ beside axis ${axis}`)
  );
};

/** Tensors joined along an axis; null when their other dimensions or dtypes differ. */
export function concatenate(parts: readonly Tensor[], axis: number): Tensor | null {
  const first = parts[0]!;
  const fits = (part: Tensor): boolean =>
    part.dtype === first.dtype &&
    part.dims.length === first.dims.length &&
    part.dims.every((dim, i) => i === axis || dim === first.dims[i]);
  if (!parts.every(fits)) return null;
  const outer = sizeOf(first.dims.slice(0, axis));
  const blocks = parts.map((part) => (outer === 0 ? 0 : part.size / outer));
  const dims = first.dims.with(
    axis,
    parts.reduce((sum, part) => sum + part.dims[axis]!, 0),
  );
  const places = new Int32Array(sizeOf(dims));
  let at = 0;
  for (let i = 0; i < outer; i++) {
    let start = 0;
    for (const [k, part] of parts.entries()) {
      for (let j = 0; j < blocks[k]!; j++) places[at++] = start + i * blocks[k]! + j;
      start += part.size;
    }
  }
  return take(concatenateFlat(parts), dims, places);
}

const split: Kernel = (call) => {
  const x = call.tensor(0);
  const axis = call.axis(call.node.int("axis", 0), x.dims.length);
  const length = x.dims[axis]!;
  const given = call.optional(1);
  const count = call.node.int("num_outputs", call.node.outputs.length);
  const chunk = Math.ceil(length / count);
  const sizes = given
    ? integers(given)
    : Array.from({ length: count }, (_, i) => Math.max(0, Math.min(chunk, length - i * chunk)));
  if (sizes.reduce((sum, size) => sum + size, 0) !== length) {
    call.fail(`sizes [${sizes.join(",")}] do not add up to ${length}, the length of axis ${axis}`);
  }
  let start = 0;
  return sizes.map((size) => {
    const part = sliceAxis(x, axis, start, size);
    start += size;
    return part;
  });
};

/** `count` neighbours along an axis, from an index on. */
export function sliceAxis(x: Tensor, axis: number, start: number, count: number): Tensor {
  const strides = stridesOf(x.dims);
  const dims = x.dims.with(axis, count);
  return take(x, dims, stridedIndices(dims, strides, start * strides[axis]!));
}

/** Where a slice along one axis starts and how many elements it has, after clamping to the axis (ONNX Slice-13). */
function sliceRange(dim: number, start: number, end: number, step: number): { start: number; count: number } {
  const wrap = (index: number): number => (index < 0 ? index + dim : index);
  const limit = (index: number, low: number, high: number): number => Math.max(low, Math.min(high, index));
  const from = step > 0 ? limit(wrap(start), 0, dim) : limit(wrap(start), -1, dim - 1);
  const to = step > 0 ? limit(wrap(end), 0, dim) : limit(wrap(end), -1, dim - 1);
  return { start: from, count: Math.max(0, Math.ceil((to - from) / step)) };
}

const slice: Kernel = (call) => {
  const x = call.tensor(0);
  const starts = integers(call.tensor(1));
  const ends = integers(call.tensor(2));
  const axes = call.optional(3) ? integers(call.tensor(3)) : starts.map((_, i) => i);
  const steps = call.optional(4) ? integers(call.tensor(4)) : starts.map(() => 1);
  const strides = stridesOf(x.dims);
  const dims = [...x.dims];
  let offset = 0;
  const base = stridesOf(x.dims);
  for (const [i, given] of axes.entries()) {
    const axis = call.axis(given, x.dims.length);
    const step = steps[i]!;
    if (step === 0) call.fail(`step of axis ${axis} is 0`);
    const range = sliceRange(x.dims[axis]!, starts[i]!, ends[i]!, step);
    dims[axis] = range.count;
    strides[axis] = base[axis]! * step;
    offset += range.start * base[axis]!;
  }
  return take(x, dims, stridedIndices(dims, strides, offset));
};

/** Ops that join tensors or cut them up; exact for every dtype. */
export const joiningKernels = {
  Concat: concat,
  Split: split,
  Slice: slice,
} satisfies Readonly<Record<string, Kernel>>;
