import { tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, axisIndices, knownNumbers, unknownDims } from "./axes.ts";
import { dimProduct } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";

/** ReduceSum and its like: the axes of the second operand become 1, or go. */
export function inferReduce(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  if (dtype === null) return { types: [null] };
  return { types: [tensorType(dtype, reducedShape(context))] };
}

/** ReduceProd, which also knows the product of a shape's elements. */
export function inferReduceProd(context: InferContext): Inferred {
  const inferred = inferReduce(context);
  const known = context.elements(0);
  const type = inferred.types[0];
  const isWhole = type?.kind === "tensor" && type.shape !== null && dimProduct(type.shape) === 1;
  return known && isWhole ? { ...inferred, elements: [[dimProduct(known)]] } : inferred;
}

function reducedShape(context: InferContext): Shape | null {
  const shape = context.shape(0);
  const keep = context.node.int("keepdims", 1) !== 0;
  const axes = context.has(1) ? knownNumbers(context, 1) : [];
  if (axes?.length === 0) {
    if (context.node.int("noop_with_empty_axes", 0) !== 0) return shape;
    return keep ? shape && shape.map(() => 1) : [];
  }
  if (shape === null) return null;
  if (axes === null) return unknownAxes(context, shape, keep);
  return withoutAxes(shape, axisIndices(context, axes, shape.length), keep);
}

/** Axes that are only known when the model runs: the rank at most. */
function unknownAxes(context: InferContext, shape: Shape, keep: boolean): Shape | null {
  if (keep) return shape.map((dim) => (dim === 1 ? 1 : null));
  const list = context.shape(1);
  const count = list?.length === 1 ? list[0] : null;
  return typeof count === "number" && count > 0 && count <= shape.length ? unknownDims(shape.length - count) : null;
}

/** The shape with some axes of size 1, or gone. */
export function withoutAxes(shape: Shape, axes: readonly number[], keep: boolean): Shape {
  if (keep) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** ArgMax and ArgMin: indices along one axis. */
export function inferArg(context: InferContext): Inferred {
  const shape = context.shape(0);
  const keep = context.node.int("keepdims", 1) !== 0;
  if (shape === null) return { types: [tensorType("int64", null)] };
  const axis = axisIndex(context, context.node.int("axis", 0), shape.length);
  return { types: [tensorType("int64", withoutAxes(shape, [axis], keep))] };
}

/** TopK: the axis becomes K, for values and indices. */
export function inferTopK(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const types = (result: Shape | null): Inferred => ({
    types: [dtype && tensorType(dtype, result), tensorType("int64", result)],
  });
  if (shape === null) return types(null);
  const axis = axisIndex(context, context.node.int("axis", -1), shape.length);
  const count: Dim = context.elements(1)?.[0] ?? null;
  const size = shape[axis]!;
  if (typeof count === "number" && typeof size === "number" && count > size) {
    context.fail(`K ${count} is more than the ${size} elements along axis ${axis}`);
  }
  return types(shape.with(axis, count));
}
