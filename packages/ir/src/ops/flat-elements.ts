import { elementCount, isStatic, type Dim, type Shape } from "../types.ts";
import { maxElements } from "./elements.ts";

/** Distances between neighbours along each axis of a row-major tensor. */
export function rowMajorStrides(dims: readonly number[]): readonly number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/**
 * The elements of a view of row-major `known`, in row-major order: sizes and distances per axis, from `offset`. Null
 * when the view is not static or too large to follow.
 */
export function viewElements(
  known: readonly Dim[],
  shape: Shape,
  strides: readonly number[],
  offset = 0,
): readonly Dim[] | null {
  const count = elementCount(shape);
  if (!isStatic(shape) || count === null || count > maxElements) return null;
  const picked: Dim[] = [];
  const index = shape.map(() => 0);
  for (let i = 0; i < count; i++) {
    picked.push(known[index.reduce((at, step, axis) => at + step * strides[axis]!, offset)] ?? null);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return picked;
}
