import type { Dim, Shape } from "../types.ts";
import { axisFromFirst } from "./axis-from-first.ts";
import type { InferContext } from "./define-op.ts";
import { maxElements } from "./elements.ts";

/** An axis as a non-negative index; `rank` exclusive. Fails when it is out of range. */
export function axisIndex(context: InferContext, axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) context.fail(`axis ${axis} is out of range for rank ${rank}`);
  return axisFromFirst(axis, rank);
}

/** Axes as non-negative indices, which must be distinct. */
export function axisIndices(context: InferContext, axes: readonly number[], rank: number): readonly number[] {
  const indices = axes.map((axis) => axisIndex(context, axis, rank));
  if (new Set(indices).size !== indices.length) context.fail(`axes [${axes.join(",")}] name an axis twice`);
  return indices;
}

/** Known integers of an operand, all of them; null when one is not a number. */
export function knownNumbers(context: InferContext, index: number): readonly number[] | null {
  const elements = context.elements(index);
  return elements?.every((element) => typeof element === "number") ? (elements as readonly number[]) : null;
}

/** The only dimension of a rank-1 operand: how many elements a list operand has. */
export function listLength(context: InferContext, index: number): number | null {
  const known = context.elements(index);
  if (known) return known.length;
  const shape = context.shape(index);
  return shape?.length === 1 && typeof shape[0] === "number" ? shape[0] : null;
}

/** Fails unless the shape has the rank; an unknown shape passes. */
export function checkRank(context: InferContext, shape: Shape | null, rank: number, name: string): void {
  if (shape !== null && shape.length !== rank) {
    context.fail(`${name} must have rank ${rank}, but has ${shape.length}`);
  }
}

/** Fails unless two dimensions can be the same; `what` says which, as in `channels of X`. */
export function checkSameDim(context: InferContext, a: Dim, b: Dim, first: string, second: string): void {
  if (typeof a === "number" && typeof b === "number" && a !== b) {
    context.fail(`${first} (${a}) must equal ${second} (${b})`);
  }
}

/** A shape of the given rank about which nothing else is known; null for ranks that no real tensor has. */
export function unknownDims(rank: number): Shape | null {
  return rank > maxElements ? null : Array.from({ length: rank }, () => null);
}
