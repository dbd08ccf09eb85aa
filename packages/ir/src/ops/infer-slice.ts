import { shapeText, tensorType, type Dim, type Shape } from "../types.ts";
import { axesOrAll } from "./infer-tile.ts";
import type { InferContext, Inferred } from "./define-op.ts";
import { listLength } from "./axes.ts";

/** Slice: from `starts` to `ends` by `steps`, along `axes`. */
export function inferSlice(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const count = listLength(context, 1) ?? listLength(context, 2) ?? shape.length;
  if (count > shape.length) context.fail(`${count} starts for the ${shape.length} axes of ${shapeText(shape)}`);
  const axes = axesOrAll(context, 3, context.has(3) ? shape.length : count);
  if (axes === null)
    return {
      types: [
        tensorType(
          dtype,
          shape.map(() => null),
        ),
      ],
    };
  const starts = context.elements(1);
  const ends = context.elements(2);
  const steps = context.has(4) ? context.elements(4) : axes.map(() => 1);
  const sliced: Dim[] = [...shape];
  for (const [i, axis] of axes.entries()) {
    const step = steps?.[i] ?? null;
    if (step === 0) context.fail(`the step along axis ${axis} is 0`);
    sliced[axis] = sliceLength(shape[axis]!, starts?.[i] ?? null, ends?.[i] ?? null, step);
  }
  const known = context.elements(0);
  const elements = known && sliceElements(known, starts?.[0] ?? null, ends?.[0] ?? null, steps?.[0] ?? null);
  return { types: [tensorType(dtype, sliced)], elements: [elements] };
}

function sliceLength(size: Dim, start: Dim, end: Dim, step: Dim): Dim {
  if (typeof step !== "number") return null;
  if (typeof size !== "number") return symbolicLength(size, start, end, step);
  const bounds = clamped(size, start, end, step);
  return bounds && Math.max(0, Math.ceil((bounds[1] - bounds[0]) / step));
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

/** Start and end within the axis, as numpy clamps them; null when unknown. */
function clamped(size: number, start: Dim, end: Dim, step: number): readonly [number, number] | null {
  if (typeof start !== "number" || typeof end !== "number") return null;
  const within = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  return step > 0
    ? [within(start, 0, size), within(end, 0, size)]
    : [within(start, 0, size - 1), within(end, -1, size - 1)];
}

function sliceElements(known: readonly Dim[], start: Dim, end: Dim, step: Dim): readonly Dim[] | null {
  if (typeof step !== "number" || step === 0) return null;
  const bounds = clamped(known.length, start, end, step);
  if (bounds === null) return null;
  const length = Math.max(0, Math.ceil((bounds[1] - bounds[0]) / step));
  return Array.from({ length }, (_, i) => known[bounds[0] + i * step]!);
}

/** Pad: `pads` lists what comes before the axes, then what comes after; negative entries crop. */
export function inferPad(context: InferContext): Inferred {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  if (dtype === null || shape === null) return { types: [dtype && tensorType(dtype, null)] };
  const axes = axesOrAll(context, 3, shape.length);
  const pads = context.elements(1);
  if (axes === null || pads === null)
    return {
      types: [
        tensorType(
          dtype,
          shape.map(() => null),
        ),
      ],
    };
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
  for (const [i, axis] of given.entries()) result[axis < 0 ? axis + shape.length : axis] = wanted?.[i] ?? null;
  return { types: [tensorType(dtype, result satisfies Shape)] };
}
