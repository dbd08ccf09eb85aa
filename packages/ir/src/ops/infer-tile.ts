import { isStatic, shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axisIndex, axisIndices, knownNumbers, listLength, unknownDims } from "./axes.ts";
import { addDims, multiplyDims } from "./dim-algebra.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { maxElements } from "./elements.ts";
import { rowMajorStrides, viewElements } from "./flat-elements.ts";
import { broadcastShapes, commonDType } from "./infer-elementwise.ts";

function result(context: InferContext, shape: Shape | null, elements: readonly Dim[] | null = null): Inferred {
  const dtype = context.dtype(0);
  return { types: [dtype && tensorType(dtype, shape)], elements: [elements] };
}

/** Expand: the numpy broadcast of the first operand with a shape. */
export function inferExpand(context: InferContext): Inferred {
  const shape = context.shape(0);
  const wanted = context.elements(1);
  if (shape === null || wanted === null) {
    const rank = listLength(context, 1);
    const known = wanted?.length ?? rank;
    return result(context, shape === null || known === null ? null : unknownDims(Math.max(shape.length, known)));
  }
  const negative = wanted.find((dim) => typeof dim === "number" && dim < 0);
  if (negative !== undefined) context.fail(`shape ${shapeText(wanted)} contains ${negative}`);
  const expanded = broadcastShapes([shape, wanted], (message) => context.fail(message))!;
  return result(context, expanded, expandedElements(context, shape, expanded));
}

function expandedElements(context: InferContext, shape: Shape, expanded: Shape): readonly Dim[] | null {
  const known = context.flatElements(0);
  if (known === null || !isStatic(shape)) return null;
  const own = rowMajorStrides(shape);
  const missing = expanded.length - shape.length;
  const strides = expanded.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]!));
  return viewElements(known, expanded, strides);
}

/** Tile: every axis as often as the second operand says. */
export function inferTile(context: InferContext): Inferred {
  const shape = context.shape(0);
  const repeats = context.elements(1);
  if (shape === null) return result(context, repeats && unknownDims(repeats.length));
  if (repeats === null) return result(context, unknownDims(shape.length));
  if (repeats.length !== shape.length) {
    context.fail(`repeats [${repeats.join(",")}] must have one entry per axis of ${shapeText(shape)}`);
  }
  return result(
    context,
    shape.map((dim, axis) => multiplyDims(dim, repeats[axis]!)),
  );
}

/** Concat: shapes agree but for the axis, whose sizes add up. */
export function inferConcat(context: InferContext): Inferred {
  const places = Array.from({ length: context.inputCount }, (_, index) => index);
  const dtype = commonDType(context, places);
  if (!context.node.attributes.has("axis")) context.fail("the attribute axis is missing");
  const shape = concatShape(
    context,
    places.map((index) => context.shape(index)),
    context.node.int("axis", 0),
  );
  const lists = shape?.length === 1 ? places.map((index) => context.elements(index)) : [null];
  const known = lists.every((list) => list !== null);
  return {
    types: [dtype && tensorType(dtype, shape)],
    elements: [known ? (lists as readonly (readonly Dim[])[]).flat() : partlyKnown(context, lists, places)],
  };
}

/** Elements of a concatenation of which some lists are unknown but have a known length. */
function partlyKnown(
  context: InferContext,
  lists: readonly (readonly Dim[] | null)[],
  places: readonly number[],
): readonly Dim[] | null {
  if (lists.length !== places.length || lists.every((list) => list === null)) return null;
  const dims: Dim[] = [];
  for (const [index, list] of lists.entries()) {
    const length = list ? list.length : context.shape(index)?.[0];
    if (typeof length !== "number" || dims.length + length > maxElements) return null;
    dims.push(...(list ?? Array.from({ length }, () => null)));
  }
  return dims;
}

/** The shape of operands joined along an axis; null when nothing is known. */
export function concatShape(context: InferContext, shapes: readonly (Shape | null)[], axis: number): Shape | null {
  const known = shapes.filter((shape) => shape !== null);
  const first = known[0];
  if (first === undefined) return null;
  const at = axisIndex(context, axis, first.length);
  const joined = [...first];
  let sum: Dim = known.length === shapes.length ? 0 : null;
  for (const shape of known) {
    const agrees =
      shape.length === first.length &&
      shape.every((dim, i) => {
        const other = joined[i]!;
        return i === at || typeof dim !== "number" || typeof other !== "number" || dim === other;
      });
    if (!agrees) context.fail(`operands ${shapeText(first)} and ${shapeText(shape)} do not agree beside axis ${at}`);
    for (const [i, dim] of shape.entries()) if (typeof joined[i] !== "number" && dim !== null) joined[i] = dim;
    sum = sum === null ? null : addDims(sum, shape[at]!);
  }
  joined[at] = sum;
  return joined;
}

/** Split: one part per output, of the sizes of the second operand or of equal sizes (the last may be smaller). */
export function inferSplit(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const types = (parts: readonly (Shape | null)[]): Inferred => ({
    types: parts.map((part) => dtype && tensorType(dtype, part)),
  });
  const outputs = Array.from({ length: context.outputCount }, (_, index) => index);
  if (shape === null) return types(outputs.map(() => null));
  const axis = axisIndex(context, context.node.int("axis", 0), shape.length);
  const sizes = splitSizes(context, shape[axis]!, axis);
  const inferred = types(outputs.map((index) => shape.with(axis, sizes[index] ?? null)));
  const known = context.elements(0);
  if (!known) return inferred;
  let from = 0;
  const elements = outputs.map((index) => {
    const size = sizes[index];
    if (typeof size !== "number") return null;
    from += size;
    return known.slice(from - size, from);
  });
  return elements.includes(null) ? inferred : { ...inferred, elements };
}

function splitSizes(context: InferContext, size: Dim, axis: number): readonly Dim[] {
  const count = context.outputCount;
  const unknownParts = Array.from({ length: count }, () => null);
  if (context.has(1)) {
    // A constant lists as many sizes as there are outputs, however many that is; shape arithmetic follows short lists only.
    const given: readonly Dim[] = context.elements(1) ?? [...(context.constant(1)?.numbers() ?? [])];
    if (given.length === 0) return unknownParts;
    if (given.length !== count)
      context.fail(`split [${given.join(",")}] has ${given.length} parts for ${count} outputs`);
    const sum = given.reduce<Dim>(addDims, 0);
    if (typeof sum === "number" && typeof size === "number" && sum !== size) {
      context.fail(`split [${given.join(",")}] must add up to the ${size} elements along axis ${axis}`);
    }
    return given;
  }
  const parts = context.node.int("num_outputs", count);
  if (parts !== count) context.fail(`num_outputs ${parts} must equal the ${count} outputs`);
  if (typeof size !== "number") return count === 1 ? [size] : unknownParts;
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, size - i * part)));
}

/** Axes of an operand, or all axes in order when the operand is absent; null when they are unknown. */
export function axesOrAll(context: InferContext, index: number, rank: number): readonly number[] | null {
  if (!context.has(index)) return Array.from({ length: rank }, (_, axis) => axis);
  const axes = knownNumbers(context, index);
  return axes && axisIndices(context, axes, rank);
}
