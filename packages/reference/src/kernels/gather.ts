import type { Tensor } from "@lowbit/ir";
import { sizeOf, stridedIndices, stridesOf } from "../arrays/indices.ts";
import { aroundAxis } from "../arrays/regroup.ts";
import { take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";

/** Indices along an axis of the given length, made non-negative. @throws CompileError when one is outside */
function indicesWithin(call: KernelCall, indices: Tensor, length: number): Float64Array {
  return indices.numbers().map((index) => indexWithin(call, index, length));
}

function indexWithin(call: KernelCall, index: number, length: number): number {
  if (index < -length || index >= length) call.fail(`index ${index} is outside an axis of ${length} elements`);
  return index < 0 ? index + length : index;
}

const gather: Kernel = (call) => {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const axis = call.axis(call.node.int("axis", 0), x.dims.length);
  const { outer, length, inner } = aroundAxis(x.dims, axis);
  const chosen = indicesWithin(call, indices, length);
  const places = new Int32Array(outer * chosen.length * inner);
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (const index of chosen) {
      for (let k = 0; k < inner; k++) places[at++] = (i * length + index) * inner + k;
    }
  }
  return take(x, x.dims.toSpliced(axis, 1, ...indices.dims), places);
};

/** For each index of an element-wise gather or scatter, the place in the data it points at. */
export function elementPlaces(call: KernelCall, data: readonly number[], indices: Tensor, axis: number): Int32Array {
  const strides = stridesOf(data);
  const chosen = indicesWithin(call, indices, data[axis]!);
  const beside = stridedIndices(indices.dims, strides.with(axis, 0));
  return beside.map((place, i) => place + chosen[i]! * strides[axis]!);
}

const gatherElements: Kernel = (call) => {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const axis = call.axis(call.node.int("axis", 0), x.dims.length);
  if (indices.dims.length !== x.dims.length)
    call.fail(`indices have rank ${indices.dims.length}, data has ${x.dims.length}`);
  return take(x, indices.dims, elementPlaces(call, x.dims, indices, axis));
};

/** The index tuples of GatherND and ScatterND: the place of each addressed block, and the dimensions of one block. */
export function blockPlaces(
  call: KernelCall,
  data: readonly number[],
  indices: Tensor,
  batchDims: number,
): { readonly starts: Int32Array; readonly block: readonly number[] } {
  const depth = indices.dims.at(-1) ?? 0;
  if (batchDims + depth > data.length) call.fail(`index tuples of ${depth} do not fit data of rank ${data.length}`);
  const strides = stridesOf(data);
  const tuples = indices.numbers();
  const count = sizeOf(indices.dims.slice(0, -1));
  const perBatch = count / Math.max(1, sizeOf(data.slice(0, batchDims)));
  const batchSize = sizeOf(data.slice(batchDims));
  const starts = Int32Array.from({ length: count }, (_, i) => {
    let place = Math.floor(i / perBatch) * batchSize;
    for (let k = 0; k < depth; k++) {
      const axis = batchDims + k;
      place += indexWithin(call, tuples[i * depth + k]!, data[axis]!) * strides[axis]!;
    }
    return place;
  });
  return { starts, block: data.slice(batchDims + depth) };
}

const gatherND: Kernel = (call) => {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const { starts, block } = blockPlaces(call, x.dims, indices, call.node.int("batch_dims", 0));
  return take(x, [...indices.dims.slice(0, -1), ...block], spread(starts, sizeOf(block)));
};

/** Each start followed by its `size - 1` next places. */
export function spread(starts: Int32Array, size: number): Int32Array {
  return Int32Array.from({ length: starts.length * size }, (_, i) => starts[Math.floor(i / size)]! + (i % size));
}

/** The slices along an axis (of the flat tensor when it has none) whose condition holds. */
const compress: Kernel = (call) => {
  const flat = !call.node.attributes.has("axis");
  const given = call.tensor(0);
  const x = flat ? given.reshape([given.size]) : given;
  const axis = flat ? 0 : call.axis(call.node.int("axis", 0), x.dims.length);
  const { outer, length, inner } = aroundAxis(x.dims, axis);
  const kept = [...call.tensor(1).numbers().subarray(0, length).entries()].flatMap(([i, on]) => (on !== 0 ? [i] : []));
  const starts = Int32Array.from({ length: outer * kept.length }, (_, i) => {
    return (Math.floor(i / kept.length) * length + kept[i % kept.length]!) * inner;
  });
  return take(x, x.dims.with(axis, kept.length), spread(starts, inner));
};

/** Reverses the first `length` steps of each batch entry along the time axis. */
const reverseSequence: Kernel = (call) => {
  const [x, lengths] = [call.tensor(0), call.tensor(1).numbers()];
  const batchAxis = call.axis(call.node.int("batch_axis", 1), x.dims.length);
  const timeAxis = call.axis(call.node.int("time_axis", 0), x.dims.length);
  const strides = stridesOf(x.dims);
  const places = Int32Array.from({ length: x.size }, (_, place) => {
    const along = (axis: number): number => Math.floor(place / strides[axis]!) % x.dims[axis]!;
    const time = along(timeAxis);
    const length = lengths[along(batchAxis)]!;
    return time < length ? place + (length - 1 - 2 * time) * strides[timeAxis]! : place;
  });
  return take(x, x.dims, places);
};

/** One of two values per index: `[…, depth, …]` with the new axis at `axis`. */
const oneHot: Kernel = (call) => {
  const [indices, depth, values] = [call.tensor(0), call.scalar(1), call.tensor(2)];
  const axis = call.axis(call.node.int("axis", -1), indices.dims.length + 1);
  const dims = indices.dims.toSpliced(axis, 0, depth);
  const { inner } = aroundAxis(dims, axis);
  const hot = indices.numbers().map((index) => (index < 0 ? index + depth : index));
  const places = Int32Array.from({ length: sizeOf(dims) }, (_, i) => {
    const outer = Math.floor(i / (depth * inner));
    return hot[outer * inner + (i % inner)] === Math.floor(i / inner) % depth ? 1 : 0;
  });
  return take(values, dims, places);
};

/** Ops that pick elements by index; exact for every dtype. */
export const gatherKernels = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Compress: compress,
  ReverseSequence: reverseSequence,
  OneHot: oneHot,
} satisfies Readonly<Record<string, Kernel>>;
