import { sameShape, Tensor, type Value } from "@lowbit/ir";
import { filled, shapeOf, weight, type Scope, type Step } from "./scope.ts";

const unary: Step = ({ op, draw }, x) =>
  draw.pick([
    () => op.Relu([x]),
    () => op.Sigmoid([x]),
    () => op.Tanh([x]),
    () => op.Neg([x]),
    () => op.Abs([x]),
    () => op.Erf([x]),
    () => op.Softplus([x]),
    () => op.LeakyRelu([x], { alpha: 0.2 }),
    () => op.Elu([x]),
    () => op.HardSigmoid([x]),
    () => op.HardSwish([x]),
    () => op.Gelu([x]),
  ])();

const noOp: Step = ({ op, draw, editor }, x) =>
  draw.pick([
    () => op.Identity([x]),
    () => op.Dropout([x]),
    () => op.Cast([x], { to: 1 }),
    () => op.Cast([op.Cast([x], { to: 11 })], { to: 1 }),
    () => op.Sum([x]),
    () => op.Clip([x]),
    () => op.Neg([op.Neg([x])]),
    () => op.Dropout([x, editor.initializer(Tensor.scalar("float", 0.5), "ratio")]),
  ])();

/** An operand that broadcasts against x without widening it: another value, a number, or constants by channel. */
function partner(scope: Scope, x: Value): Value {
  const { draw, pool } = scope;
  const shape = shapeOf(x);
  const equal = pool.filter((value) => sameShape(value.shape, shape));
  const channels = shape[1];
  return draw.pick([
    () => filled(scope, draw.pick([0, 1, 3, 0.5, -1])),
    () => filled(scope, draw.pick([0, 1]), [1]),
    () => draw.pick([...equal, x]),
    () => weight(scope, "row_scale", [typeof shape.at(-1) === "number" ? Number(shape.at(-1)) : 1]),
    () =>
      typeof channels === "number"
        ? weight(scope, "channel_scale", [channels, ...shape.slice(2).map(() => 1)])
        : filled(scope, 2),
  ])();
}

const binary: Step = (scope, x) => {
  const { op, draw } = scope;
  if (shapeOf(x).length === 0) return null;
  const other = partner(scope, x);
  return draw.pick([
    () => op.Add([x, other]),
    () => op.Add([other, x]),
    () => op.Sub([x, other]),
    () => op.Sub([other, x]),
    () => op.Mul([x, other]),
    () => op.Mul([other, x]),
    () => op.Max([x, other]),
    () => op.Where([op.Greater([x, other]), x, other]),
  ])();
};

const division: Step = (scope, x) => {
  const last = shapeOf(x).at(-1);
  if (last === undefined) return null;
  const divisor = typeof last === "number" ? weight(scope, "divisor_scale", [last]) : filled(scope, 4);
  return scope.op.Div([x, divisor]);
};

const clip: Step = (scope, x) => scope.op.Clip([x, filled(scope, 0), scope.draw.chance() ? filled(scope, 6) : null]);

/** HardSwish and Swish, taken apart the way exporters do. */
const gated: Step = (scope, x) => {
  const { op, draw } = scope;
  const relu6 = (): Value => op.Clip([op.Add([x, filled(scope, 3)]), filled(scope, 0), filled(scope, 6)]);
  return draw.pick([
    () => op.Mul([x, op.Sigmoid([x])]),
    () => op.Div([op.Mul([x, relu6()]), filled(scope, 6)]),
    () => op.Mul([x, op.Div([relu6(), filled(scope, 6)])]),
    () => op.Mul([op.Mul([relu6(), x]), filled(scope, 1 / 6)]),
    () => op.Mul([x, op.HardSigmoid([x], { alpha: 1 / 6, beta: 0.5 })]),
  ])();
};

/** Gelu, taken apart. */
const gelu: Step = (scope, x) => {
  const { op, draw } = scope;
  const one = filled(scope, 1);
  const half = filled(scope, 0.5);
  const erf = (): Value => op.Erf([op.Div([x, filled(scope, Math.SQRT2)])]);
  const tanh = (): Value => {
    const cube = op.Mul([op.Pow([x, filled(scope, 3)]), filled(scope, 0.044715)]);
    return op.Tanh([op.Mul([op.Add([x, cube]), filled(scope, Math.sqrt(2 / Math.PI))])]);
  };
  const gate = op.Add([draw.chance() ? tanh() : erf(), one]);
  return draw.chance() ? op.Mul([op.Mul([x, gate]), half]) : op.Mul([op.Mul([x, half]), gate]);
};

/** Steps that keep the shape. */
export const elementwiseSteps: readonly Step[] = [
  unary,
  unary,
  noOp,
  noOp,
  binary,
  binary,
  division,
  clip,
  gated,
  gelu,
];
