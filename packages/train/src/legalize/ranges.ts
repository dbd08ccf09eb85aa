import { dtypes, type DType, type Value } from "@lowbit/ir";
import { dims, ints, operand, reshape, scalar, type LegalizeContext } from "./legalization.ts";

/** ObserveRange as reductions, and for the stateful modes an update of the old range. */
export function observeRange(context: LegalizeContext): readonly Value[] {
  const { node, op, editor } = context;
  const [lowest, highest] = currentRange(context, operand(context, 0));
  const mode = node.string("mode", "moving-average");
  if (mode === "current") return [lowest, highest];
  const [oldMin, oldMax] = [operand(context, 1), operand(context, 2)];
  if (mode === "min-max") return [op.Min([oldMin, lowest]), op.Max([oldMax, highest])];
  const rate = scalar(editor, node.float("averaging_constant", 0.01), "averaging_constant");
  const moved = (old: Value, current: Value): Value => {
    const next = op.Add([old, op.Mul([op.Sub([current, old]), rate])]);
    return startsFinite(old) ? next : op.Where([op.IsInf([old]), current, next]);
  };
  return [moved(oldMin, lowest), moved(oldMax, highest)];
}

/** Whether a range buffer holds a range from the beginning, so that "nothing seen yet" cannot occur. */
function startsFinite(buffer: Value): boolean {
  return buffer.initializer?.numbers().every(Number.isFinite) ?? false;
}

function currentRange(context: LegalizeContext, x: Value): readonly [Value, Value] {
  const { node, op, editor } = context;
  const shape = dims(x);
  if (!node.attributes.has("axis")) {
    return [op.ReduceMin([x], { keepdims: 0 }), op.ReduceMax([x], { keepdims: 0 })];
  }
  const axis = (node.int("axis", 0) + shape.length) % shape.length;
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  // Seen with at most three axes, reductions run on contiguous rows or columns.
  const [before, size, behind] = [product(shape.slice(0, axis)), shape[axis]!, product(shape.slice(axis + 1))];
  const folded = before === 1 ? [size, behind] : behind === 1 ? [before, size] : [before, size, behind];
  const axes = before === 1 ? [1] : behind === 1 ? [0] : [0, 2];
  const rows = reshape(context, x, folded);
  const over = ints(editor, axes, "axes");
  return [op.ReduceMin([rows, over], { keepdims: 0 }), op.ReduceMax([rows, over], { keepdims: 0 })];
}

/**
 * QuantizationParameters in float32: asymmetric scale = (hi - lo) / (qmax - qmin) with the range widened to hold 0,
 * symmetric scale = max(-lo, hi) / ((qmax - qmin) / 2).
 */
export function quantizationParameters(context: LegalizeContext): readonly Value[] {
  const { node, op, editor } = context;
  const [qmin, qmax] = [node.int("qmin", 0), node.int("qmax", 0)];
  const dtype = node.string("dtype", "int8") as DType;
  const stored = dtypes.indexOf(dtype === "int4" ? "int8" : dtype === "uint4" ? "uint8" : dtype) + 1;
  const zero = scalar(editor, 0, "zero");
  const least = scalar(editor, node.float("eps", 1.1920929e-7), "least_scale");
  const low = op.Min([operand(context, 0), zero]);
  const high = op.Max([operand(context, 1), zero]);
  if (node.int("symmetric", 0) === 1) {
    const reach = op.Max([op.Neg([low]), high]);
    const scale = op.Max([op.Div([reach, scalar(editor, (qmax - qmin) / 2, "steps")]), least]);
    const middle = dtype.startsWith("u") ? (qmin + qmax + 1) >> 1 : 0;
    const zeroPoint = op.Cast([op.Add([op.Mul([scale, zero]), scalar(editor, middle, "middle")])], { to: stored });
    return [scale, zeroPoint];
  }
  const scale = op.Max([op.Div([op.Sub([high, low]), scalar(editor, qmax - qmin, "steps")]), least]);
  const [lowest, highest] = [scalar(editor, qmin, "qmin"), scalar(editor, qmax, "qmax")];
  const offset = op.Sub([lowest, op.Round([op.Div([low, scale])])]);
  return [scale, op.Cast([op.Clip([offset, lowest, highest])], { to: stored })];
}
