import { dtypes, integerRange, invariant, type DType, type Node, type Value } from "@lowbit/ir";
import { dims, ints, operand, reshape, scalar, type LegalizeContext } from "./legalization.ts";
import { storageDType } from "./ranges.ts";

interface CodeRange {
  readonly qmin: number;
  readonly qmax: number;
}

function codeRange(node: Node): CodeRange {
  return { qmin: node.int("qmin", 0), qmax: node.int("qmax", 0) };
}

/**
 * FakeQuantize as QuantizeLinear and DequantizeLinear, which run in one pass each. Codes narrower than the storage type
 * are clipped between the two, unless the node promises that its scale covers all elements.
 */
export function fakeQuantize(context: LegalizeContext): readonly Value[] {
  const { node, op } = context;
  const [x, scale] = [operand(context, 0), operand(context, 1)];
  const { qmin, qmax } = codeRange(node);
  const zeroPoint = storedZeroPoint(context, operand(context, 2));
  const axis = node.attributes.has("axis") ? node.int("axis", 0) : 1;
  const blockSize = node.int("block_size", 0);
  const attributes = blockSize > 0 ? { axis, block_size: blockSize } : { axis };
  const codes = op.QuantizeLinear([x, scale, zeroPoint], attributes);
  const [least, most] = integerRange(zeroPoint.dtype!);
  const covered = node.int("covers_range", 0) === 1 || (qmin === least && qmax === most);
  const kept = covered ? codes : clipCodes(context, codes, zeroPoint.dtype!, { qmin, qmax });
  return [op.DequantizeLinear([kept, scale, zeroPoint], attributes)];
}

function storedZeroPoint({ op }: LegalizeContext, zeroPoint: Value): Value {
  const dtype = zeroPoint.dtype;
  invariant(dtype, `FakeQuantize: zero point ${zeroPoint.name} has no dtype`);
  const stored = storageDType(dtype);
  return stored === dtype ? zeroPoint : op.Cast([zeroPoint], { to: dtypes.indexOf(stored) + 1 });
}

function clipCodes({ op, editor }: LegalizeContext, codes: Value, dtype: DType, { qmin, qmax }: CodeRange): Value {
  const bound = (value: number, name: string): Value =>
    op.Cast([scalar(editor, value, name)], { to: dtypes.indexOf(dtype) + 1 });
  return op.Clip([codes, bound(qmin, "qmin"), bound(qmax, "qmax")]);
}

/**
 * FakeQuantizeGrad: dY where the element was not clipped, and the gradients of scale and zero point where asked for
 * (LSQ: Esser et al. 2020, equation 3; LSQ+: Bhalgat et al. 2020).
 */
export function fakeQuantizeGrad(context: LegalizeContext): readonly (Value | null)[] {
  const { node, op, editor } = context;
  const [dy, x] = [operand(context, 0), operand(context, 1)];
  const [, dScale, dZeroPoint] = node.outputs;
  const isClamped = node.attributes.has("lower") || node.attributes.has("upper");
  if (node.int("covers_range", 0) === 1 && !isClamped && !dScale && !dZeroPoint) return [op.Identity([dy]), null, null];
  invariant(node.int("block_size", 0) === 0, "FakeQuantizeGrad: learned blocked scales are not supported");
  const { qmin, qmax } = codeRange(node);
  const scale = alongAxis(context, operand(context, 1 + 1));
  const zeroPoint = alongAxis(context, op.Cast([operand(context, 3)], { to: 1 }));
  const least = op.Sub([scalar(editor, qmin, "qmin"), zeroPoint]);
  const most = op.Sub([scalar(editor, qmax, "qmax"), zeroPoint]);
  const half = scalar(editor, 0.5, "half");
  const [lower, upper] = clampedTo(context, [
    op.Mul([op.Sub([least, half]), scale]),
    op.Mul([op.Add([most, half]), scale]),
  ]);
  const isSingle = dims(lower).every((dim) => dim === 1);
  const clipped = isSingle
    ? op.Clip([x, reshape(context, lower, []), reshape(context, upper, [])])
    : op.Min([op.Max([x, lower]), upper]);
  const inside = insideOf(context, x, clipped);
  const dx = op.Mul([dy, inside]);
  if (!dScale && !dZeroPoint) return [dx, null, null];
  const sum = (value: Value): Value => sumPerScale(context, value);
  const quotient = op.Div([x, scale]);
  const code = op.Min([op.Max([op.Round([quotient]), least]), most]);
  const byScale = dScale ? sum(op.Mul([dy, op.Sub([code, op.Mul([inside, quotient])])])) : null;
  const outside = op.Sub([scalar(editor, 1, "one"), inside]);
  const byZeroPoint = dZeroPoint ? sum(op.Neg([op.Mul([op.Mul([dy, outside]), scale])])) : null;
  return [dx, byScale, byZeroPoint];
}

/**
 * 1 where clipping left an element as it was, 0 elsewhere. The distance that clipping moved it goes through a HardSigmoid so
 * steep that it is 0 for every normal float32 number: all of it is written over the clipped values, on all threads, where Equal and
 * Cast take two new tensors, and ONNX Runtime casts on one thread (3.5 million elements in memory that was not in the cache: 3.2 ms).
 */
function insideOf({ op }: LegalizeContext, x: Value, clipped: Value): Value {
  return op.HardSigmoid([op.Abs([op.Sub([clipped, x])])], { alpha: -1e38, beta: 1 });
}

/** The bounds of the elements that get a gradient, drawn in to `lower` and `upper` where the node has them. */
function clampedTo(
  { node, op, editor }: LegalizeContext,
  [low, high]: readonly [Value, Value],
): readonly [Value, Value] {
  const bound = (name: "lower" | "upper"): number | null => (node.attributes.has(name) ? node.float(name, 0) : null);
  const [lower, upper] = [bound("lower"), bound("upper")];
  return [
    lower === null ? low : op.Max([low, scalar(editor, lower, "lower")]),
    upper === null ? high : op.Min([high, scalar(editor, upper, "upper")]),
  ];
}

/** A per-axis parameter [C] shaped to broadcast against X. */
function alongAxis(context: LegalizeContext, parameter: Value): Value {
  const { node, op, editor } = context;
  const rank = dims(operand(context, 1)).length;
  if (!node.attributes.has("axis") || dims(parameter).length === 0) return parameter;
  const axis = (node.int("axis", 0) + rank) % rank;
  const trailing = Array.from({ length: rank - axis - 1 }, (_, i) => i + 1);
  return trailing.length === 0 ? parameter : op.Unsqueeze([parameter, ints(editor, trailing, "axes")]);
}

/** The sum over all elements that share a scale, in the scale's own shape. */
function sumPerScale(context: LegalizeContext, value: Value): Value {
  const { node, op, editor } = context;
  const rank = dims(operand(context, 1)).length;
  const axis = node.attributes.has("axis") ? (node.int("axis", 0) + rank) % rank : -1;
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return op.ReduceSum([value, ints(editor, axes, "axes")], { keepdims: 0 });
}
