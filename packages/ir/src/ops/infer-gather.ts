import { shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, checkSameDim } from "./axes.ts";
import { addDims } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { broadcastOf, commonDType } from "./infer-elementwise.ts";

function ofFirst(context: InferContext, shape: Shape | null): Inferred {
  const dtype = context.dtype(0);
  return { types: [dtype && tensorType(dtype, shape)] };
}

/** Gather: the axis is replaced by the axes of the indices. */
export function inferGather(context: InferContext): Inferred {
  const data = context.shape(0);
  const indices = context.shape(1);
  if (data === null || indices === null) return ofFirst(context, null);
  if (data.length === 0) context.fail("data must not be a scalar");
  const axis = axisIndex(context, context.node.int("axis", 0), data.length);
  const inferred = ofFirst(context, [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]);
  const known = context.elements(0);
  const at = context.elements(1);
  if (!known || !at || data.length !== 1 || indices.length > 1) return inferred;
  return { ...inferred, elements: [at.map((index) => elementAt(known, index))] };
}

function elementAt(known: readonly Dim[], index: Dim): Dim {
  if (typeof index !== "number") return null;
  return known[index < 0 ? index + known.length : index] ?? null;
}

/** GatherElements: one element per index. */
export function inferGatherElements(context: InferContext): Inferred {
  const data = context.shape(0);
  const indices = context.shape(1);
  if (data && indices && data.length !== indices.length) {
    context.fail(`data ${shapeText(data)} and indices ${shapeText(indices)} must have one rank`);
  }
  if (data) axisIndex(context, context.node.int("axis", 0), data.length);
  return ofFirst(context, indices);
}

/** GatherND: the last axis of the indices holds places in data. */
export function inferGatherND(context: InferContext): Inferred {
  const data = context.shape(0);
  const indices = context.shape(1);
  if (data === null || indices === null) return ofFirst(context, null);
  const depth = indices.at(-1);
  if (depth === undefined) return context.fail("indices must not be a scalar");
  if (typeof depth !== "number") return ofFirst(context, null);
  const batch = context.node.int("batch_dims", 0);
  if (batch < 0) context.fail(`batch_dims ${batch} is negative`);
  const covered = batch + depth;
  if (covered > data.length) {
    context.fail(`indices ${shapeText(indices)} address ${covered} axes of data ${shapeText(data)}`);
  }
  return ofFirst(context, [...indices.slice(0, -1), ...data.slice(covered)]);
}

/** ScatterElements: indices and updates have one shape, and data's rank. */
export function inferScatterElements(context: InferContext): Inferred {
  commonDType(context, [0, 2]);
  const data = context.shape(0);
  const indices = context.shape(1);
  const updates = context.shape(2);
  if (data) axisIndex(context, context.node.int("axis", 0), data.length);
  for (const other of [indices, updates]) {
    if (data && other && other.length !== data.length) {
      context.fail(`data ${shapeText(data)} and updates ${shapeText(other)} must have one rank`);
    }
  }
  if (indices && updates && indices.length === updates.length) {
    for (const [axis, dim] of indices.entries()) {
      checkSameDim(context, dim, updates[axis]!, `axis ${axis} of indices`, "the same of updates");
    }
  }
  return { types: [context.type(0)] };
}

/** ScatterND: data with other slices at the places that indices name. */
export function inferScatterND(context: InferContext): Inferred {
  commonDType(context, [0, 2]);
  const data = context.shape(0);
  const depth = context.shape(1)?.at(-1);
  if (data && typeof depth === "number" && depth > data.length) {
    context.fail(`indices address ${depth} axes of data ${shapeText(data)}`);
  }
  return { types: [context.type(0)] };
}

/** OneHot: a new axis as long as `depth`. */
export function inferOneHot(context: InferContext): Inferred {
  const dtype = context.dtype(2);
  const indices = context.shape(0);
  if (dtype === null || indices === null) return { types: [dtype && tensorType(dtype, null)] };
  const axis = axisIndex(context, context.node.int("axis", -1), indices.length + 1);
  return { types: [tensorType(dtype, indices.toSpliced(axis, 0, context.elements(1)?.[0] ?? null))] };
}

/** NonZero: the places of elements that are not zero, one per column. */
export function inferNonZero(context: InferContext): Inferred {
  const shape = context.shape(0);
  return { types: [tensorType("int64", [shape && shape.length, null])] };
}

/** Where: one operand's element or the other's. */
export function inferWhere(context: InferContext): Inferred {
  const dtype = commonDType(context, [1, 2]);
  const shape = broadcastOf(context);
  const type = dtype && tensorType(dtype, shape);
  const lists = [0, 1, 2].map((index) => context.elements(index));
  const [condition, x, y] = lists;
  if (!condition || !x || !y || shape === null || shape.length > 1) return { types: [type] };
  const length = Math.max(condition.length, x.length, y.length);
  const at = (list: readonly Dim[], i: number): Dim => (list.length === 1 ? list[0]! : (list[i] ?? null));
  const elements = Array.from({ length }, (_, i) => {
    const [a, b] = [at(x, i), at(y, i)];
    const chosen = at(condition, i);
    return chosen === 1 ? a : chosen === 0 ? b : a === b ? a : null;
  });
  return { types: [type], elements: [elements] };
}

/** Compress: the slices of an axis (or the elements of the flat tensor) whose condition is true. */
export function inferCompress(context: InferContext): Inferred {
  const shape = context.shape(0);
  const kept = context.elements(1)?.reduce(addDims, 0) ?? null;
  if (!context.node.attributes.has("axis")) return ofFirst(context, [kept]);
  if (shape === null) return ofFirst(context, null);
  return ofFirst(context, shape.with(axisIndex(context, context.node.int("axis", 0), shape.length), kept));
}

/** Unique: the distinct slices of an axis, or elements; then where they are first, where all are, and how often. */
export function inferUnique(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const hasAxis = context.node.attributes.has("axis");
  let values: Shape | null = [null];
  let length: Dim = null;
  if (hasAxis) {
    const axis = shape && axisIndex(context, context.node.int("axis", 0), shape.length);
    values = shape && shape.with(axis!, null);
    length = shape && shape[axis!]!;
  }
  const list = (dim: Dim): ReturnType<typeof tensorType> => tensorType("int64", [dim]);
  return { types: [dtype && tensorType(dtype, values), list(null), list(length), list(null)] };
}

/** TensorScatter: the cache with other slices. */
export function inferTensorScatter(context: InferContext): Inferred {
  commonDType(context, [0, 1]);
  return { types: [context.type(0)] };
}

/** NonMaxSuppression: one row [batch, class, box] per chosen box. */
export function inferNonMaxSuppression(): Inferred {
  return { types: [tensorType("int64", [null, 3])] };
}
