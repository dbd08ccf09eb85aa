import { int64Tensor, elementsOf } from "../arrays/elements.ts";
import { aroundAxis, groupsAlong } from "../arrays/regroup.ts";
import { stridesOf } from "../arrays/indices.ts";
import { fillPlace, take } from "../arrays/take.ts";
import { Tensor } from "@lowbit/ir";
import type { Kernel } from "../kernel.ts";
import { spread } from "./gather.ts";

const topK: Kernel = (call) => {
  const x = call.tensor(0);
  const k = call.scalar(1);
  const axis = call.axis(call.node.int("axis", -1), x.dims.length);
  const sign = call.node.int("largest", 1) === 1 ? 1 : -1;
  const { bases, members } = groupsAlong(x.dims, [axis]);
  if (k > members.length) call.fail(`k is ${k}, but axis ${axis} has ${members.length} elements`);
  const elements = elementsOf(x);
  const dims = x.dims.with(axis, k);
  const out = groupsAlong(dims, [axis]);
  const places = new Int32Array(out.bases.length * k);
  const indices = new Float64Array(places.length);
  for (const [group, base] of bases.entries()) {
    const order = Array.from(members, (_, i) => i).sort((i, j) => {
      const [a, b] = [elements[base + members[i]!]!, elements[base + members[j]!]!];
      return a === b ? i - j : a > b ? -sign : sign;
    });
    for (let rank = 0; rank < k; rank++) {
      const at = out.bases[group]! + out.members[rank]!;
      indices[at] = order[rank]!;
      places[at] = base + members[order[rank]!]!;
    }
  }
  return [take(x, dims, places), int64Tensor(indices, dims)];
};

/** Coordinates of the non-zero elements, one column each: `[rank, count]`. */
const nonZero: Kernel = (call) => {
  const x = call.tensor(0);
  const found = [...x.numbers().entries()].flatMap(([place, element]) => (element !== 0 ? [place] : []));
  const strides = stridesOf(x.dims);
  const rows = x.dims.flatMap((dim, axis) => found.map((place) => Math.floor(place / strides[axis]!) % dim));
  return int64Tensor(rows, [x.dims.length, found.length]);
};

/** Slices along an axis (or elements, without one) that differ, with where they are first and how often. */
const unique: Kernel = (call) => {
  const flat = !call.node.attributes.has("axis");
  const given = call.tensor(0);
  const x = flat ? given.reshape([given.size]) : given;
  const axis = flat ? 0 : call.axis(call.node.int("axis", 0), x.dims.length);
  const { outer, length, inner } = aroundAxis(x.dims, axis);
  const keyOf = x.strings ? x.strings.map((bytes) => new TextDecoder().decode(bytes)) : elementsOf(x);
  const sliceAt = (index: number): (number | bigint | string)[] =>
    Array.from(
      { length: outer * inner },
      (_, i) => keyOf[(Math.floor(i / inner) * length + index) * inner + (i % inner)]!,
    );
  const slices = Array.from({ length }, (_, index) => sliceAt(index));
  const first = new Map<string, number>();
  const counts = new Map<string, number>();
  const texts = slices.map((slice) => slice.join(","));
  for (const [index, text] of texts.entries()) {
    if (!first.has(text)) first.set(text, index);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const kept = [...first.keys()];
  if (call.node.int("sorted", 1) === 1)
    kept.sort((a, b) => compareSlices(slices[first.get(a)!]!, slices[first.get(b)!]!));
  const rank = new Map(kept.map((text, i) => [text, i]));
  const starts = Int32Array.from(
    { length: outer * kept.length },
    (_, i) => (Math.floor(i / kept.length) * length + first.get(kept[i % kept.length]!)!) * inner,
  );
  return [
    take(x, x.dims.with(axis, kept.length), spread(starts, inner)),
    int64Tensor(kept.map((text) => first.get(text)!)),
    int64Tensor(texts.map((text) => rank.get(text)!)),
    int64Tensor(kept.map((text) => counts.get(text)!)),
  ];
};

function compareSlices(a: readonly (number | bigint | string)[], b: readonly (number | bigint | string)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i]!;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** The upper or lower triangle of matrices; everything else becomes 0. */
const trilu: Kernel = (call) => {
  const x = call.tensor(0);
  const upper = call.node.int("upper", 1) === 1;
  const diagonal = call.optionalScalar(1) ?? 0;
  const [rows, columns] = x.dims.slice(-2) as [number, number];
  const places = Int32Array.from({ length: x.size }, (_, i) => {
    const offset = (i % columns) - (Math.floor(i / columns) % rows) - diagonal;
    return (upper ? offset >= 0 : offset <= 0) ? i : fillPlace;
  });
  return take(x, x.dims, places, x.strings ? null : Tensor.scalar(x.dtype, 0));
};

/** Ops that find or order elements by value. */
export const selectionKernels = {
  TopK: topK,
  NonZero: nonZero,
  Unique: unique,
  Trilu: trilu,
} satisfies Readonly<Record<string, Kernel>>;
