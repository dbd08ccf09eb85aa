import { isStatic, Tensor, type Shape, type Value } from "@lowbit/ir";
import { allAxes, axisOf, integersOf } from "../axes.ts";
import { sumToOperand } from "../broadcast.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { castTo } from "../masks.ts";
import { scatterAlong } from "../scatter.ts";

/** Each operand gets its part of the cotangent. */
const concat: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const dy = cotangent(context);
  const axis = node.int("axis", 0);
  const parts = node.inputs.map((value) => value!);
  if (parts.length === 1) return [dy];
  const wanted = needs.flatMap((need, i) => (need ? [i] : []));
  const sizes = parts.map((part) => part.shape?.at(axis) ?? null);
  const upToOnly: Shape | null = wanted.length === 1 ? sizes.slice(0, wanted[0]! + 1) : null;
  if (isStatic(upToOnly)) {
    const end = upToOnly.reduce((sum, size) => sum + size, 0);
    const starts = constants.ints([end - upToOnly.at(-1)!], "starts");
    const slice = op.Slice([dy, starts, constants.ints([end], "ends"), constants.ints([axis], "axes")]);
    return parts.map((_, i) => (needs[i] ? slice : null));
  }
  const split = isStatic(sizes)
    ? constants.ints(sizes, "split")
    : op.Concat(
        parts.map((part) => constants.dimOf(part, axis)),
        { axis: 0 },
      );
  return op.Split([dy, split], { axis }, { outputs: parts.length });
};

/** The parts come together again; zeros stand for parts the loss does not depend on. */
const split: GradientRule = ({ op, node, grads, constants }) => {
  const parts = grads.map((grad, i) => grad ?? constants.zerosLike(node.outputs[i]!));
  return [parts.length === 1 ? parts[0]! : op.Concat(parts, { axis: node.int("axis", 0) })];
};

/** One sliced axis: where its elements begin, how many it takes and how far apart. */
interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** The axes of a Slice whose every number is known; null when one is not. */
function staticSlices({ node }: GradientContext, x: Value): readonly AxisSlice[] | null {
  const [starts, ends] = [integersOf(node.inputs[1]), integersOf(node.inputs[2])];
  if (!starts || !ends || x.shape === null) return null;
  const axes = node.inputs[3] ? integersOf(node.inputs[3]) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? integersOf(node.inputs[4]) : starts.map(() => 1);
  if (!axes || !steps) return null;
  const slices: AxisSlice[] = [];
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, x);
    const size = x.shape[axis];
    if (typeof size !== "number") return null;
    const step = steps[i]!;
    const place = (index: number, least: number, most: number) =>
      Math.min(most, Math.max(least, index < 0 ? index + size : index));
    const start = step > 0 ? place(starts[i]!, 0, size) : place(starts[i]!, 0, size - 1);
    const end = step > 0 ? place(ends[i]!, 0, size) : place(ends[i]!, -1, size - 1);
    const count = Math.max(0, Math.ceil((end - start) / step));
    if (count !== size || step !== 1) slices.push({ axis, start, count, step });
  }
  return slices;
}

/** Zeros around the slice; strided slices are spread by a Gather that takes zeros between. */
const slice: GradientRule = (context) => {
  const { op, constants } = context;
  const [dy, x] = [cotangent(context), operand(context, 0)];
  const slices = staticSlices(context, x);
  if (slices === null) return [sliceAtRunTime(context, dy, x)];
  let grad = dy;
  const plain = slices.filter(({ step }) => step === 1);
  if (plain.length > 0) {
    const size = (axis: number) => x.shape![axis] as number;
    const begins = plain.map(({ start }) => start);
    const ends = plain.map(({ axis, start, count }) => size(axis) - start - count);
    const axes = plain.map(({ axis }) => axis);
    grad = op.Pad([grad, constants.ints([...begins, ...ends], "pads"), null, constants.ints(axes, "axes")]);
  }
  for (const { axis, start, count, step } of slices.filter((part) => part.step !== 1)) {
    const places = Array.from({ length: x.shape![axis] as number }, () => count);
    for (let i = 0; i < count; i++) places[start + i * step] = i;
    const withZero = op.Pad([grad, constants.ints([0, 1], "pads"), null, constants.ints([axis], "axes")]);
    grad = op.Gather([withZero, constants.ints(places, "places")], { axis });
  }
  return [grad];
};

/** Slices the coordinates of every axis as the node slices the elements, and scatters to them. */
function sliceAtRunTime(context: GradientContext, dy: Value, x: Value): Value {
  const { op, node, constants, fail } = context;
  // The bounds may be int32, the coordinates' own settings are int64, and a Slice takes one type only.
  const wide = (list: Value) => castTo(context, list, "int64");
  const [starts, ends] = [wide(operand(context, 1)), wide(operand(context, 2))];
  const stepList = node.inputs[4] ? wide(node.inputs[4]) : null;
  const axes = node.inputs[3] ? integersOf(node.inputs[3]) : allAxes(x).slice(0, sizeOf(starts) ?? 0);
  if (axes === null || (!node.inputs[3] && sizeOf(starts) === null)) return fail("the axes it slices are not known");
  return axes.reduce((grad, given, i) => {
    const axis = axisOf(given, x);
    const one = (list: Value) => op.Slice([list, constants.ints([i], "starts"), constants.ints([i + 1], "ends")]);
    const size = constants.dimOf(x, axis);
    const steps = stepList && one(stepList);
    const places = op.Slice([coordinates(context, size), one(starts), one(ends), constants.ints([0], "axes"), steps]);
    return scatterAlong(context, grad, axis, places, size);
  }, dy);
}

function sizeOf(list: Value): number | null {
  const size = list.shape?.[0];
  return typeof size === "number" ? size : null;
}

/** 0, 1, ... up to a size given as int64 [1]. */
function coordinates({ op, constants }: GradientContext, size: Value): Value {
  const scalar = (value: number) => constants.tensor(Tensor.scalar("int64", value), "index");
  return op.Range([scalar(0), op.Squeeze([size]), scalar(1)]);
}

/** Zeros padded are cut off; other modes add what they copied to where it came from. The constant gets the rest. */
const pad: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dy, x, pads] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const axes = node.inputs[3] ?? null;
  if (node.string("mode", "constant") !== "constant") return [foldBack(context, dy, x, pads, axes)];
  const known = integersOf(pads);
  const cut = known
    ? constants.ints(
        known.map((size) => 0 - size),
        "pads",
      )
    : op.Neg([pads]);
  const kept = op.Pad([dy, cut, null, axes]);
  const total = (value: Value) => op.ReduceSum([value], { keepdims: 0 });
  const value = node.inputs[2];
  const rest = value && needs[2] ? sumToOperand(context, op.Sub([total(dy), total(kept)]), value, null) : null;
  return [needs[0] ? kept : null, null, rest];
};

/** Pads the coordinates of every axis as the node pads the elements, and scatters to them. */
function foldBack(context: GradientContext, dy: Value, x: Value, pads: Value, axesOperand: Value | null): Value {
  const { op, node, constants, fail } = context;
  const axes = axesOperand ? integersOf(axesOperand) : allAxes(x);
  if (axes === null) return fail("the axes it pads are not known");
  const known = integersOf(pads);
  return axes.reduce((grad, given, i) => {
    const axis = axisOf(given, x);
    const size = constants.dimOf(x, axis);
    const ends = i + axes.length;
    if (known && known[i] === 0 && known[ends] === 0) return grad;
    const own = known
      ? constants.ints([known[i]!, known[ends]!], "pads")
      : op.Gather([pads, constants.ints([i, ends], "places")]);
    const places = op.Pad([coordinates(context, size), own], { mode: node.string("mode", "") });
    return scatterAlong(context, grad, axis, places, size);
  }, dy);
}

/** Rules of ops that cut tensors into parts and put them together. */
export const slicingGradients = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  CenterCropPad: noGradient("write it as Slice and Pad"),
} satisfies Partial<GradientTable>;
