import type { Value } from "@lowbit/ir";
import { sumToOperand } from "../broadcast.ts";
import { cotangent, operand, unary, type GradientContext, type GradientTable } from "../gradient-rule.ts";
import { equalMask, maskOf, reluMask } from "../masks.ts";

/** 1 - v². */
function oneMinusSquare({ op, constants }: GradientContext, value: Value): Value {
  return op.Sub([constants.scalar(1, value), op.Mul([value, value])]);
}

/** dy times `above` where x is positive, times `below` elsewhere. */
function positiveOr(context: GradientContext, dy: Value, x: Value, below: Value, above = 1): Value {
  const { op, constants } = context;
  const positive = op.Greater([x, constants.scalar(0, x)]);
  return op.Mul([dy, op.Where([positive, constants.scalar(above, x), below])]);
}

/** Rules of activation functions, element by element; at a kink the derivative is the one PyTorch takes. */
export const activationGradients = {
  Relu: unary((context, dy, _x, y) => context.op.Mul([dy, reluMask(context, y)])),
  /** dy·(mask·(1 - alpha) + alpha). */
  LeakyRelu: unary((context, dy, x) => {
    const { op, node, constants } = context;
    const alpha = node.float("alpha", Math.fround(0.01));
    const rising = op.Mul([reluMask(context, x), constants.scalar(1 - alpha, x)]);
    return op.Mul([dy, op.Add([rising, constants.scalar(alpha, x)])]);
  }),
  /** y = x > 0 ? x : slope·x: dslope = dy·min(x, 0). */
  PRelu: (context) => {
    const { op, needs, constants } = context;
    const [dy, x, slope] = [cotangent(context), operand(context, 0), operand(context, 1)];
    const zero = constants.scalar(0, x);
    const factor = () => op.Where([op.Greater([x, zero]), constants.scalar(1, x), slope]);
    return [
      needs[0] ? op.Mul([dy, factor()]) : null,
      needs[1] ? sumToOperand(context, op.Mul([dy, op.Min([x, zero])]), slope) : null,
    ];
  },
  /** y = x > 0 ? x : alpha·(eˣ - 1): y' = x > 0 ? 1 : y + alpha. */
  Elu: unary((context, dy, x, y) => {
    const { op, node, constants } = context;
    return positiveOr(context, dy, x, op.Add([y, constants.scalar(node.float("alpha", 1), y)]));
  }),
  /** y = gamma·(x > 0 ? x : alpha·(eˣ - 1)): y' = x > 0 ? gamma : y + gamma·alpha. */
  Selu: unary((context, dy, x, y) => {
    const { op, node, constants } = context;
    const alpha = node.float("alpha", Math.fround(1.6732632423543772));
    const gamma = node.float("gamma", Math.fround(1.0507009873554805));
    return positiveOr(context, dy, x, op.Add([y, constants.scalar(gamma * alpha, y)]), gamma);
  }),
  /** y = max(x, 0) + min(alpha·(exp(x/alpha) - 1), 0): y' = 1 + min(y, 0)/alpha. */
  Celu: unary(({ op, node, constants }, dy, _x, y) => {
    const below = op.Mul([op.Min([y, constants.scalar(0, y)]), constants.scalar(1 / node.float("alpha", 1), y)]);
    return op.Add([dy, op.Mul([dy, below])]);
  }),
  ThresholdedRelu: unary((context, dy, x) => {
    const { op, node, constants } = context;
    return op.Mul([dy, maskOf(context, op.Greater([x, constants.scalar(node.float("alpha", 1), x)]), x)]);
  }),
  /** y = x - bias or x + bias outside [-lambd, lambd], 0 inside. */
  Shrink: unary((context, dy, x) => {
    const { op, node, constants } = context;
    return op.Mul([dy, maskOf(context, op.Greater([op.Abs([x]), constants.scalar(node.float("lambd", 0.5), x)]), x)]);
  }),
  /** dx = dy where nothing was clipped (bounds included); the bounds get the rest. */
  Clip: (context) => {
    const { op, node, needs } = context;
    const [dy, x, min, max] = [cotangent(context), node.input, node.inputs[1], node.inputs[2]];
    const total = (outside: Value, bound: Value) =>
      sumToOperand(context, op.Mul([dy, maskOf(context, outside, dy)]), bound);
    return [
      needs[0] ? op.Mul([dy, equalMask(context, x, node.output)]) : null,
      min && needs[1] ? total(op.Less([x, min]), min) : null,
      max && needs[2] ? total(op.Greater([x, max]), max) : null,
    ];
  },
  /** dy·y·(1 - y). */
  Sigmoid: unary(({ op, constants }, dy, _x, y) => op.Mul([op.Mul([dy, y]), op.Sub([constants.scalar(1, y), y])])),
  /** dy·alpha where 0 < y < 1; there y - y² is positive. */
  HardSigmoid: unary(({ op, node, constants }, dy, _x, y) => {
    const inside = op.Sign([op.Sub([y, op.Mul([y, y])])]);
    return op.Mul([op.Mul([dy, inside]), constants.scalar(node.float("alpha", Math.fround(0.2)), y)]);
  }),
  /** y = x·h, h = hardsigmoid(x; 1/6, 1/2): y' = h + x/6 where 0 < h < 1, else h. */
  HardSwish: unary(({ op, constants }, dy, x) => {
    const h = op.HardSigmoid([x], { alpha: 1 / 6, beta: 0.5 });
    const inside = op.Sign([op.Sub([h, op.Mul([h, h])])]);
    const slope = op.Mul([op.Mul([x, inside]), constants.scalar(1 / 6, x)]);
    return op.Mul([dy, op.Add([h, slope])]);
  }),
  /** y = x·σ(alpha·x): y' = σ + alpha·y·(1 - σ). */
  Swish: unary(({ op, node, constants }, dy, x, y) => {
    const alpha = constants.scalar(node.float("alpha", 1), x);
    const sigmoid = op.Sigmoid([op.Mul([x, alpha])]);
    const tail = op.Mul([op.Mul([y, alpha]), op.Sub([constants.scalar(1, x), sigmoid])]);
    return op.Mul([dy, op.Add([sigmoid, tail])]);
  }),
  /** y = x·t, t = tanh(softplus(x)): y' = t + x·σ(x)·(1 - t²). */
  Mish: unary((context, dy, x) => {
    const { op } = context;
    const t = op.Tanh([op.Softplus([x])]);
    const slope = op.Mul([op.Mul([x, op.Sigmoid([x])]), oneMinusSquare(context, t)]);
    return op.Mul([dy, op.Add([t, slope])]);
  }),
  /** y = x·Φ(x): y' = Φ + x·φ; the tanh form differentiates its own approximation of Φ. */
  Gelu: unary((context, dy, x) => {
    const derivative = context.node.string("approximate", "none") === "tanh" ? geluTanhSlope : geluSlope;
    return context.op.Mul([dy, derivative(context, x)]);
  }),
  /** dy·(1 - y²). */
  Tanh: unary((context, dy, _x, y) => context.op.Mul([dy, oneMinusSquare(context, y)])),
  Softplus: unary(({ op }, dy, x) => op.Mul([dy, op.Sigmoid([x])])),
  /** y = x/(1 + |x|): y' = (1 - |y|)². */
  Softsign: unary(({ op, constants }, dy, _x, y) => {
    const rest = op.Sub([constants.scalar(1, y), op.Abs([y])]);
    return op.Mul([dy, op.Mul([rest, rest])]);
  }),
} satisfies Partial<GradientTable>;

/** (1 + erf(x/√2))/2 + x·exp(-x²/2)/√(2π). */
function geluSlope({ op, constants }: GradientContext, x: Value): Value {
  const half = constants.scalar(0.5, x);
  const erf = op.Erf([op.Mul([x, constants.scalar(Math.SQRT1_2, x)])]);
  const bell = op.Exp([op.Mul([op.Mul([x, x]), constants.scalar(-0.5, x)])]);
  const density = op.Mul([op.Mul([x, bell]), constants.scalar(1 / Math.sqrt(2 * Math.PI), x)]);
  return op.Add([op.Add([op.Mul([erf, half]), half]), density]);
}

/** With u = √(2/π)·(x + 0.044715·x³), t = tanh u: (1 + t)/2 + x/2·(1 - t²)·√(2/π)·(1 + 3·0.044715·x²). */
function geluTanhSlope(context: GradientContext, x: Value): Value {
  const { op, constants } = context;
  const [k, cubic] = [Math.sqrt(2 / Math.PI), 0.044715];
  const [one, half] = [constants.scalar(1, x), constants.scalar(0.5, x)];
  const square = op.Mul([x, x]);
  const bend = (factor: number) => op.Add([op.Mul([square, constants.scalar(factor, x)]), one]);
  const t = op.Tanh([op.Mul([op.Mul([x, bend(cubic)]), constants.scalar(k, x)])]);
  const inner = op.Mul([op.Mul([x, bend(3 * cubic)]), constants.scalar(k, x)]);
  const slope = op.Add([op.Add([one, t]), op.Mul([inner, oneMinusSquare(context, t)])]);
  return op.Mul([slope, half]);
}
