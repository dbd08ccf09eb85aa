import { dtypes, Tensor, type DType, type Value } from "@lowbit/ir";
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

/**
 * Elements from which on a tensor's extremes are those of its planes' extremes: ONNX Runtime shares rows among threads, but
 * not a single result. (3.5 million elements 0.64 ms as a whole and 0.33 by planes, 0.4 million 0.08 and 0.04.)
 */
const worthRows = 2 ** 17;

function currentRange(context: LegalizeContext, x: Value): readonly [Value, Value] {
  const { node, op, editor } = context;
  const shape = dims(x);
  const [lower, upper] = ["lower", "upper"].map((name) =>
    node.attributes.has(name) ? scalar(editor, node.float(name, 0), name) : null,
  );
  const extreme = (reduce: "ReduceMax" | "ReduceMin", rows: Value, over: Value | null): Value => {
    const isLong = over === null && shape.length > 1 && product(shape) >= worthRows;
    const halfway = isLong ? op[reduce]([planesOf(context, x), ints(editor, [1], "axes")], { keepdims: 0 }) : rows;
    return op[reduce]([halfway, over], { keepdims: 0 });
  };
  const reduced = (rows: Value, over: Value | null): readonly [Value, Value] => {
    const highest = extreme("ReduceMax", rows, over);
    const capped = upper ? op.Min([highest, upper]) : highest;
    // What is clamped from below reaches the bound, so there is nothing to look for.
    if (lower) return [lower, op.Max([capped, lower])];
    const low = extreme("ReduceMin", rows, over);
    context.observed.set(low, { high: capped, rows, axes: over });
    return [low, capped];
  };
  if (!node.attributes.has("axis")) return reduced(x, null);
  const axis = (node.int("axis", 0) + shape.length) % shape.length;
  // Seen with at most three axes, reductions run on contiguous rows or columns.
  const [before, size, behind] = [product(shape.slice(0, axis)), shape[axis]!, product(shape.slice(axis + 1))];
  const folded = before === 1 ? [size, behind] : behind === 1 ? [before, size] : [before, size, behind];
  const axes = before === 1 ? [1] : behind === 1 ? [0] : [0, 2];
  return reduced(reshape(context, x, folded), ints(editor, axes, "axes"));
}

/** [N, C, ...] as [N·C, positions], other shapes with their last axis as rows. */
function planesOf(context: LegalizeContext, x: Value): Value {
  const shape = dims(x);
  const kept = Math.min(2, shape.length - 1);
  return reshape(context, x, [product(shape.slice(0, kept)), product(shape.slice(kept))]);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/**
 * QuantizationParameters in float32: asymmetric scale = (hi - lo) / (qmax - qmin) with the range widened to hold 0,
 * symmetric scale = max(-lo, hi) / ((qmax - qmin) / 2): the very roundings of the reference kernel, which computes the
 * scales of the deployed model.
 */
export function quantizationParameters(context: LegalizeContext): readonly Value[] {
  const { node, op, editor } = context;
  const [qmin, qmax] = [node.int("qmin", 0), node.int("qmax", 0)];
  const stored = storageDType(node.string("dtype", "int8") as DType);
  const least = scalar(editor, node.float("eps", 1.1920929e-7), "least_scale");
  if (node.int("symmetric", 0) === 1) {
    const scale = op.Max([op.Div([reachOf(context), scalar(editor, (qmax - qmin) / 2, "steps")]), least]);
    const middle = stored.startsWith("u") ? (qmin + qmax + 1) >> 1 : 0;
    const shape = dims(operand(context, 0));
    const count = shape.reduce((a, b) => a * b, 1);
    const zeroPoints = Array.from({ length: count }, () => middle);
    return [scale, editor.initializer(Tensor.of(stored, zeroPoints, shape), "zero_point")];
  }
  const zero = scalar(editor, 0, "zero");
  const low = op.Min([operand(context, 0), zero]);
  const high = op.Max([operand(context, 1), zero]);
  const scale = op.Max([op.Div([op.Sub([high, low]), scalar(editor, qmax - qmin, "steps")]), least]);
  const [lowest, highest] = [scalar(editor, qmin, "qmin"), scalar(editor, qmax, "qmax")];
  const offset = op.Sub([lowest, op.Round([op.Div([low, scale])])]);
  return [scale, op.Cast([op.Clip([offset, lowest, highest])], { to: dtypes.indexOf(stored) + 1 })];
}

/** The 8-bit or wider type that codes of a dtype are computed in: ONNX Runtime trains nothing in 4 bits. */
export function storageDType(dtype: DType): DType {
  if (dtype === "int4") return "int8";
  return dtype === "uint4" ? "uint8" : dtype;
}

/** max(-lo, hi, 0): the largest absolute value, taken from the tensor itself where its whole range is observed here. */
function reachOf(context: LegalizeContext): Value {
  const { op, editor } = context;
  const [low, high] = [operand(context, 0), operand(context, 1)];
  const observed = context.observed.get(low);
  if (observed && observed.high === high) {
    return op.ReduceMax([op.Abs([observed.rows]), observed.axes], { keepdims: 0 });
  }
  return op.Max([op.Neg([low]), high, scalar(editor, 0, "zero")]);
}
