import type { Value } from "@lowbit/ir";
import { axisOf, integersOf } from "../axes.ts";
import { rankOf } from "../constant-pool.ts";
import {
  cotangent,
  operand,
  unary,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { castTo } from "../masks.ts";
import { scatterAlong } from "../scatter.ts";

/** Adds every gathered slice to where it was taken from. */
const gather: GradientRule = (context) => {
  const { op, node, constants } = context;
  const [dy, x, indices] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const axis = axisOf(node.int("axis", 0), x);
  const single = padForOne(context, dy, x, indices, axis);
  if (single) return [single];
  if (axis === 0) {
    const columns = op.Unsqueeze([castTo(context, indices, "int64"), constants.ints([-1], "axes")]);
    return [op.ScatterND([constants.zerosLike(x), columns, dy], { reduction: "add" })];
  }
  const flat = constants.ints([-1], "flat");
  const places = rankOf(indices) === 1 ? indices : op.Reshape([indices, flat]);
  const updates = rankOf(indices) === 1 ? dy : mergeAxes(context, dy, x, axis, rankOf(indices));
  return [scatterAlong(context, updates, axis, places, constants.dimOf(x, axis))];
};

/** One known index is a slice: zeros around it. */
function padForOne(context: GradientContext, dy: Value, x: Value, indices: Value, axis: number): Value | null {
  const { op, constants } = context;
  const [known, size] = [integersOf(indices), x.shape?.[axis]];
  if (known?.length !== 1 || typeof size !== "number") return null;
  const place = known[0]! < 0 ? known[0]! + size : known[0]!;
  const row = rankOf(indices) === 0 ? op.Unsqueeze([dy, constants.ints([axis], "axes")]) : dy;
  if (size === 1) return row;
  return op.Pad([row, constants.ints([place, size - 1 - place], "pads"), null, constants.ints([axis], "axes")]);
}

/** The axes that the indices made, as one; a scalar index makes an axis of 1. */
function mergeAxes(context: GradientContext, dy: Value, x: Value, axis: number, count: number): Value {
  const { op, constants } = context;
  if (count === 0) return op.Unsqueeze([dy, constants.ints([axis], "axes")]);
  const before = op.Shape([x], { start: 0, end: axis });
  const after = axis + 1 === rankOf(x) ? [] : [op.Shape([x], { start: axis + 1 })];
  return op.Reshape([dy, op.Concat([before, constants.ints([-1], "flat"), ...after], { axis: 0 })]);
}

/** data with elements replaced: dy passes where it was kept; updates get dy from where they went. */
function scattering(
  zero: (context: GradientContext, dy: Value, indices: Value, updates: Value) => Value,
  take: (context: GradientContext, dy: Value, indices: Value) => Value,
): GradientRule {
  return (context) => {
    const { node, needs, fail } = context;
    const [dy, indices, updates] = [cotangent(context), operand(context, 1), operand(context, 2)];
    const reduction = node.string("reduction", "none");
    if (reduction !== "none" && reduction !== "add")
      fail(`only reductions "none" and "add" have one, not "${reduction}"`);
    const kept = () => (reduction === "add" ? dy : zero(context, dy, indices, updates));
    return [needs[0] ? kept() : null, null, needs[2] ? take(context, dy, indices) : null];
  };
}

/** Rules of ops that read or write by index. Indices written twice without a reduction are undefined in ONNX. */
export const gatheringGradients = {
  Gather: gather,
  GatherElements: unary((context, dy, x) => {
    const { op, node, constants } = context;
    const axis = node.int("axis", 0);
    return op.ScatterElements([constants.zerosLike(x), operand(context, 1), dy], { axis, reduction: "add" });
  }),
  GatherND: unary((context, dy, x) => {
    const { op, node, constants, fail } = context;
    if (node.int("batch_dims", 0) !== 0) return fail("it has batch_dims, which ScatterND has not");
    return op.ScatterND([constants.zerosLike(x), operand(context, 1), dy], { reduction: "add" });
  }),
  ScatterElements: scattering(
    ({ op, node, constants }, dy, indices, updates) =>
      op.ScatterElements([dy, indices, constants.zerosLike(updates)], { axis: node.int("axis", 0) }),
    ({ op, node }, dy, indices) => op.GatherElements([dy, indices], { axis: node.int("axis", 0) }),
  ),
  ScatterND: scattering(
    ({ op, constants }, dy, indices, updates) => op.ScatterND([dy, indices, constants.zerosLike(updates)]),
    ({ op }, dy, indices) => op.GatherND([dy, indices]),
  ),
  /** The largest elements get the cotangent. */
  TopK: (context) => {
    const { op, node, constants } = context;
    const x = operand(context, 0);
    const axis = node.int("axis", -1);
    const updates = [constants.zerosLike(x), node.outputs[1]!, cotangent(context)] as const;
    return [op.ScatterElements(updates, { axis, reduction: "add" }), null];
  },
} satisfies Partial<GradientTable>;
