import type { Tensor } from "@lowbit/ir";
import { elementsOf, tensorOf } from "../arrays/elements.ts";
import { sizeOf } from "../arrays/indices.ts";
import { aroundAxis } from "../arrays/regroup.ts";
import { allPlaces, concatenateFlat, take } from "../arrays/take.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { blockPlaces, elementPlaces, spread } from "./gather.ts";

const reductions: Readonly<Record<string, (old: never, update: never) => number | bigint>> = {
  add: (old: number, update: number) => old + update,
  mul: (old: number, update: number) => old * update,
  max: (old: number, update: number) => (update > old ? update : old),
  min: (old: number, update: number) => (update < old ? update : old),
};

/** Data with updates written (or combined, in order) at their target places. */
function scatter(call: KernelCall, data: Tensor, targets: Int32Array, updates: Tensor): Tensor {
  if (updates.size !== targets.length) call.fail(`${updates.size} updates for ${targets.length} places`);
  if (updates.dtype !== data.dtype) call.fail(`updates are ${updates.dtype}, data is ${data.dtype}`);
  const name = call.node.string("reduction", "none");
  if (name === "none") {
    const places = allPlaces(data.dims);
    for (const [i, target] of targets.entries()) places[target] = data.size + i;
    return take(concatenateFlat([data, updates]), data.dims, places);
  }
  const combine = Object.hasOwn(reductions, name) ? reductions[name]! : call.fail(`reduction "${name}" is unknown`);
  // Both arrays hold numbers, or both bigints: they have one dtype.
  const elements = elementsOf(data).slice();
  const added = elementsOf(updates);
  for (const [i, target] of targets.entries()) {
    elements[target] = combine(elements[target] as never, added[i] as never) as never;
  }
  return tensorOf(data.dtype, data.dims, elements);
}

const scatterElements: Kernel = (call) => {
  const [data, indices] = [call.tensor(0), call.tensor(1)];
  const axis = call.axis(call.node.int("axis", 0), data.dims.length);
  return scatter(call, data, elementPlaces(call, data.dims, indices, axis), call.tensor(2));
};

const scatterND: Kernel = (call) => {
  const [data, indices] = [call.tensor(0), call.tensor(1)];
  const { starts, block } = blockPlaces(call, data.dims, indices, 0);
  return scatter(call, data, spread(starts, sizeOf(block)), call.tensor(2));
};

/** Writes each batch entry's update into the cache from its write index on, wrapping around in circular mode. */
const tensorScatter: Kernel = (call) => {
  const [cache, update, indices] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const axis = call.axis(call.node.int("axis", -2), cache.dims.length);
  const circular = call.node.string("mode", "linear") === "circular";
  const { length, inner } = aroundAxis(cache.dims, axis);
  const count = update.dims[axis]!;
  const perBatch = update.size / update.dims[0]!;
  const starts = indices?.numbers();
  const targets = Int32Array.from({ length: update.size }, (_, i) => {
    const outer = Math.floor(i / (count * inner));
    const step = (starts?.[Math.floor(i / perBatch)] ?? 0) + (Math.floor(i / inner) % count);
    if (!circular && step >= length) call.fail(`step ${step} is outside a cache of ${length}`);
    return (outer * length + (step % length)) * inner + (i % inner);
  });
  return scatter(call, cache, targets, update);
};

/** Ops that write elements by index. */
export const scatterKernels = {
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TensorScatter: tensorScatter,
} satisfies Readonly<Record<string, Kernel>>;
