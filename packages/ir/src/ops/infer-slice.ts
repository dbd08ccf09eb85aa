import { isStatic, shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axesOrAll } from "./infer-tile.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { axisIndices, listLength, unknownDims } from "./axes.ts";
import { rowMajorStrides, viewElements } from "./flat-elements.ts";

/** Slice: from `starts` to `ends` by `steps`, along `axes`. */
export function inferSlice(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const count = listLength(context, 1) ?? listLength(context, 2) ?? shape.length;
  if (count > shape.length) context.fail(`${count} starts for the ${shape.length} axes of ${shapeText(shape)}`);
  const axes = axesOrAll(context, 3, context.has(3) ? shape.length : count);
  if (axes === null) return { types: [tensorType(dtype, unknownDims(shape.length))] };
  const starts = context.elements(1);
  const ends = context.elements(2);
  const steps = context.has(4) ? context.elements(4) : axes.map(() => 1);
  const sliced: Dim[] = [...shape];
  for (const [i, axis] of axes.entries()) {
    const step = steps?.[i] ?? null;
    if (step === 0) context.fail(`the step along axis ${axis} is 0`);
    sliced[axis] = sliceLength(shape[axis]!, starts?.[i] ?? null, ends?.[i] ?? null, step);
  }
  return { types: [tensorType(dtype, sliced)], elements: [slicedElements(context, sliced, axes, starts, steps)] };
}

function sliceLength(size: Dim, start: Dim, end: Dim, step: Dim): Dim {
  if (typeof step !== "number") return null;
  if (typeof size !== "number") return symbolicLength(size, start, end, step);
  if (typeof start !== "number" || typeof end !== "number") return null;
  const [from, to] = [clampedStart(size, start, step), clampedEnd(size, end, step)];
  return Math.max(0, Math.ceil((to - from) / step));
}

/** Slices of an axis of symbolic size: the whole of it, an end that is the size itself, or a prefix of unknown length. */
function symbolicLength(size: Dim, start: Dim, end: Dim, step: number): Dim {
  if (step === 1 && start === 0 && (end === size || (typeof end === "number" && end >= endMarker))) return size;
  if (step === -1 && start === -1 && typeof end === "number" && end <= -endMarker) return size;
  if (start !== null && start === end) return 0;
  return null;
}

/** Bounds from here on are what exporters write for "to the end". */
const endMarker = 2 ** 31 - 1;

/** Where a slice starts within an axis, as numpy clamps it. */
function clampedStart(size: number, start: number, step: number): number {
  const from = start < 0 ? start + size : start;
  return Math.min(Math.max(from, 0), step > 0 ? size : size - 1);
}

/** Where a slice ends within an axis. */
function clampedEnd(size: number, end: number, step: number): number {
  const to = end < 0 ? end + size : end;
  return step > 0 ? Math.min(Math.max(to, 0), size) : Math.min(Math.max(to, -1), size - 1);
}

function slicedElements(
  context: InferContext,
  sliced: Shape,
  axes: readonly number[],
  starts: readonly Dim[] | null,
  steps: readonly Dim[] | null,
): readonly Dim[] | null {
  const known = context.flatElements(0);
  const shape = context.shape(0);
  if (known === null || !isStatic(shape)) return null;
  const strides = [...rowMajorStrides(shape)];
  let offset = 0;
  for (const [i, axis] of axes.entries()) {
    const [start, step] = [starts?.[i], steps?.[i]];
    if (typeof start !== "number" || typeof step !== "number") return null;
    offset += clampedStart(shape[axis]!, start, step) * strides[axis]!;
    strides[axis]! *= step;
  }
  return viewElements(known, sliced, strides, offset);
}

/** Pad: `pads` lists what comes before the axes, then what comes after; negative entries crop. */
export function inferPad(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const axes = axesOrAll(context, 3, shape.length);
  const pads = context.elements(1);
  if (axes === null || pads === null) return { types: [tensorType(dtype, unknownDims(shape.length))] };
  if (pads.length !== 2 * axes.length) {
    context.fail(`pads has ${pads.length} entries, ${2 * axes.length} are needed for ${axes.length} axes`);
  }
  const padded: Dim[] = [...shape];
  for (const [i, axis] of axes.entries()) padded[axis] = paddedSize(shape[axis]!, pads[i]!, pads[i + axes.length]!);
  const negative = padded.find((dim) => typeof dim === "number" && dim < 0);
  if (negative !== undefined)
    context.fail(`pads [${pads.join(",")}] leave ${negative} elements of ${shapeText(shape)}`);
  return { types: [tensorType(dtype, padded)] };
}

function paddedSize(size: Dim, before: Dim, after: Dim): Dim {
  if (typeof before !== "number" || typeof after !== "number") return null;
  const grown = before + after;
  if (typeof size === "number") return size + grown;
  return grown === 0 ? size : null;
}

/** CenterCropPad: the axes get the sizes of the second operand. */
export function inferCenterCropPad(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const wanted = context.elements(1);
  const given = context.node.ints("axes", null) ?? shape.map((_, axis) => axis);
  const result: Dim[] = [...shape];
  for (const [i, axis] of axisIndices(context, given, shape.length).entries()) result[axis] = wanted?.[i] ?? null;
  return { types: [tensorType(dtype, result satisfies Shape)] };
}
