import { sizeOf, stridedIndices, stridesOf } from "./indices.ts";

/** The elements of a tensor as groups: for each group of `outer`, the places of its members relative to its base. */
export interface Groups {
  /** Place of each group's first member. */
  readonly bases: Int32Array;
  /** Place of each member relative to its group's base. */
  readonly members: Int32Array;
}

/** Groups of elements that differ only along the given axes; reductions and softmax work group by group. */
export function groupsAlong(dims: readonly number[], axes: readonly number[]): Groups {
  const strides = stridesOf(dims);
  const inside = new Set(axes);
  const kept = dims.map((_, axis) => axis).filter((axis) => !inside.has(axis));
  const sorted = dims.map((_, axis) => axis).filter((axis) => inside.has(axis));
  const places = (of: readonly number[]): Int32Array =>
    stridedIndices(
      of.map((axis) => dims[axis]!),
      of.map((axis) => strides[axis]!),
    );
  return { bases: places(kept), members: places(sorted) };
}

/** Dimensions left after a reduction over axes. */
export function reducedDims(dims: readonly number[], axes: readonly number[], keep: boolean): number[] {
  const inside = new Set(axes);
  return dims.flatMap((dim, axis) => (inside.has(axis) ? (keep ? [1] : []) : [dim]));
}

/** A tensor as `[outer, length, inner]` around one axis. */
export function aroundAxis(
  dims: readonly number[],
  axis: number,
): { readonly outer: number; readonly length: number; readonly inner: number } {
  return { outer: sizeOf(dims.slice(0, axis)), length: dims[axis]!, inner: sizeOf(dims.slice(axis + 1)) };
}
