import { isStatic, shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, axisIndices, knownNumbers, listLength, unknownDims } from "./axes.ts";
import { dimProduct, dimQuotient } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { rowMajorStrides, viewElements } from "./flat-elements.ts";
import { withoutAxes } from "./infer-reduce.ts";

/** A result of the first operand's dtype and the given shape, whose elements are the first operand's in order. */
function reshaped(context: InferContext, shape: Shape | null): Inferred {
  const dtype = context.dtype(0);
  if (dtype === null) return { types: [null] };
  return { types: [tensorType(dtype, shape)], elements: [context.flatElements(0)] };
}

/** Reshape: 0 copies a dimension (unless `allowzero`), one -1 takes what is left. */
export function inferReshape(context: InferContext): Inferred {
  const wanted = context.elements(1);
  if (wanted) return reshaped(context, reshapedTo(context, context.shape(0), wanted));
  const rank = listLength(context, 1);
  return reshaped(context, rank === null ? null : unknownDims(rank));
}

function reshapedTo(context: InferContext, shape: Shape | null, wanted: readonly Dim[]): Shape {
  const copiesZeros = context.node.int("allowzero", 0) === 0;
  const rest: Dim[] = [];
  let inferred = -1;
  const result = wanted.map((dim, axis) => {
    if (dim === -1) {
      if (inferred >= 0) context.fail(`shape ${shapeText(wanted)} has -1 twice`);
      inferred = axis;
      return null;
    }
    if (typeof dim === "number" && dim < 0) context.fail(`shape ${shapeText(wanted)} contains ${dim}`);
    if (dim !== 0 || !copiesZeros) return dim;
    if (shape && axis >= shape.length)
      context.fail(`shape ${shapeText(wanted)} copies axis ${axis} of ${shapeText(shape)}`);
    return shape?.[axis] ?? null;
  });
  if (shape === null) return result;
  for (const [axis, dim] of result.entries()) if (axis !== inferred) rest.push(dim);
  const left = dimQuotient(shape, rest);
  if (left === undefined || (inferred < 0 && typeof left === "number" && left !== 1)) {
    context.fail(`${shapeText(shape)} cannot be reshaped to ${shapeText(wanted)}: they have different element counts`);
  }
  return inferred < 0 ? withLastUnknown(result, left, shape) : result.with(inferred, left);
}

/** A single unknown dimension of a shape without -1 is what is left of the elements. */
function withLastUnknown(result: readonly Dim[], left: Dim, shape: Shape): Shape {
  if (left !== null || result.filter((dim) => dim === null).length !== 1) return result;
  const missing = dimQuotient(
    shape,
    result.filter((dim) => dim !== null),
  );
  return typeof missing === "number" ? result.map((dim) => dim ?? missing) : result;
}

/** Flatten to a matrix: the axes before `axis`, and the others. */
export function inferFlatten(context: InferContext): Inferred {
  const shape = context.shape(0);
  const given = context.node.int("axis", 1);
  if (shape === null) return reshaped(context, [null, null]);
  const axis = given === shape.length ? given : axisIndex(context, given, shape.length);
  return reshaped(context, [dimProduct(shape.slice(0, axis)), dimProduct(shape.slice(axis))]);
}

/** Squeeze: axes of size 1 go, those of the second operand or all. */
export function inferSqueeze(context: InferContext): Inferred {
  const shape = context.shape(0);
  if (shape === null) return reshaped(context, null);
  if (!context.has(1)) {
    const isCertain = shape.every((dim) => typeof dim === "number");
    return reshaped(context, isCertain ? shape.filter((dim) => dim !== 1) : null);
  }
  const axes = knownNumbers(context, 1);
  if (axes === null) {
    const count = listLength(context, 1);
    return reshaped(context, count === null || count > shape.length ? null : unknownDims(shape.length - count));
  }
  const indices = axisIndices(context, axes, shape.length);
  const bad = indices.find((axis) => typeof shape[axis] === "number" && shape[axis] !== 1);
  if (bad !== undefined) context.fail(`axis ${bad} of ${shapeText(shape)} has size ${shape[bad]}, not 1`);
  return reshaped(context, withoutAxes(shape, indices, false));
}

/** Unsqueeze: the axes of the second operand, counted in the result, are new and of size 1. */
export function inferUnsqueeze(context: InferContext): Inferred {
  const shape = context.shape(0);
  const axes = knownNumbers(context, 1);
  if (shape === null) return reshaped(context, null);
  if (axes === null) {
    const count = listLength(context, 1);
    return reshaped(context, count === null ? null : unknownDims(shape.length + count));
  }
  const rank = shape.length + axes.length;
  const indices = axisIndices(context, axes, rank);
  const old = shape.values();
  return reshaped(
    context,
    Array.from({ length: rank }, (_, axis) => (indices.includes(axis) ? 1 : (old.next().value as Dim))),
  );
}

/** Transpose: axes in the order of `perm`, or reversed. */
export function inferTranspose(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const given = context.node.ints("perm", null);
  if (dtype === null) return { types: [null] };
  if (shape === null) return { types: [tensorType(dtype, given && unknownDims(given.length))] };
  const perm = given ?? shape.map((_, axis) => shape.length - 1 - axis);
  if (perm.length !== shape.length) {
    context.fail(`perm [${perm.join(",")}] must list the ${shape.length} axes of ${shapeText(shape)}`);
  }
  const axes = axisIndices(context, perm, shape.length);
  const transposed = axes.map((axis) => shape[axis]!);
  const known = isStatic(shape) ? context.flatElements(0) : null;
  const strides = known && rowMajorStrides(shape as readonly number[]);
  const elements =
    known &&
    viewElements(
      known,
      transposed,
      axes.map((axis) => strides![axis]!),
    );
  return { types: [tensorType(dtype, transposed)], elements: [elements] };
}

/** Shape: the dimensions from `start` to `end`. */
export function inferShape(context: InferContext): Inferred {
  const shape = context.shape(0);
  if (shape === null) return { types: [tensorType("int64", [null])] };
  const bound = (at: number): number => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  const dims = shape.slice(bound(context.node.int("start", 0)), bound(context.node.int("end", shape.length)));
  return { types: [tensorType("int64", [dims.length])], elements: [dims] };
}

/** Size: the number of elements. */
export function inferSize(context: InferContext): Inferred {
  const shape = context.shape(0);
  return { types: [tensorType("int64", [])], elements: [shape && [dimProduct(shape)]] };
}
