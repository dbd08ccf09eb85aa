import type { Value } from "@lowbit/ir";
import { filled, integers, maxElements, shapeOf, sizeOf, staticShape, type Scope, type Step } from "./scope.ts";

const pool: Step = (scope, x) => {
  const { op, draw } = scope;
  const spatial = shapeOf(x).slice(2);
  if (spatial.length === 0 || spatial.length > 2 || !spatial.every((size) => typeof size === "number" && size >= 2))
    return null;
  const window = { kernel_shape: spatial.map(() => 2), strides: spatial.map(() => draw.between(1, 2)) };
  const pads = [...spatial, ...spatial].map(() => draw.below(2));
  return draw.pick([
    () => op.MaxPool([x], window),
    () => op.AveragePool([x], window),
    () => op.AveragePool([x], { ...window, pads, count_include_pad: draw.below(2) }),
    () => op.GlobalAveragePool([x]),
    () => op.AveragePool([padded(scope, x, 0)], window),
    () => op.MaxPool([padded(scope, x, draw.pick([0, -3.4e38]))], window),
  ])() as Value;
};

/** Spatial padding, which a window after it may take over. */
function padded(scope: Scope, x: Value, value: number): Value {
  const { op, draw } = scope;
  const amounts = shapeOf(x).map((_, axis) => (axis < 2 ? 0 : draw.below(2)));
  const more = value === 0 && draw.chance() ? null : filled(scope, value);
  return op.Pad([x, integers(scope, [...amounts, ...amounts]), more]);
}

const pad: Step = (scope, x) => {
  const shape = shapeOf(x);
  if (shape.length < 3 || sizeOf(shape) * 4 > maxElements) return null;
  const y = padded(scope, x, scope.draw.pick([0, 0, 1]));
  const channels = shape[1];
  if (typeof channels !== "number" || !scope.draw.chance() || shape.length > 4) return y;
  const kernel = shape.slice(2).map(() => 1);
  return scope.op.Conv([y, filled(scope, 0.25, [2, channels, ...kernel])]);
};

const transpose: Step = ({ op, draw }, x) => {
  const rank = shapeOf(x).length;
  if (rank < 2) return null;
  const axes = shapeOf(x).map((_, axis) => axis);
  const swapped = axes.map((axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  const perm = draw.pick([axes, swapped, [...axes].reverse(), [0, ...axes.slice(1).reverse()]]);
  const once = op.Transpose([x], { perm });
  return draw.chance() ? op.Transpose([once], { perm }) : once;
};

/** The shape as exporters compute it: sizes taken from Shape, joined with numbers. */
function computedShape(scope: Scope, x: Value, leading: number, rest: readonly number[]): Value {
  const { op } = scope;
  const zero = integers(scope, [0]);
  const sizes = Array.from({ length: leading }, (_, axis) => {
    const size = op.Gather([op.Shape([x]), integers(scope, [axis])]);
    return axis % 2 === 0 ? size : op.Unsqueeze([op.Squeeze([size, zero]), zero]);
  });
  return op.Concat([...sizes, integers(scope, rest)], { axis: 0 });
}

const reshape: Step = (scope, x) => {
  const { op, draw } = scope;
  const shape = shapeOf(x);
  if (shape.length < 2) return null;
  const fixed = staticShape(x);
  return draw.pick([
    () => op.Flatten([x], { axis: draw.between(1, shape.length) }),
    () => op.Reshape([x, integers(scope, [0, -1])]),
    () => op.Reshape([x, computedShape(scope, x, 1, [-1])]),
    () => op.Reshape([x, computedShape(scope, x, 2, [-1])]),
    () => op.Reshape([x, fixed ? integers(scope, [...fixed].reverse()) : integers(scope, [0, -1, 1])]),
    () => op.Reshape([op.Reshape([x, integers(scope, [-1])]), op.Shape([x])]),
    () => op.Squeeze([op.Unsqueeze([x, integers(scope, [1])]), integers(scope, [1])]),
    () => (shape.length < 5 ? op.Unsqueeze([x, integers(scope, [draw.below(shape.length)])]) : x),
  ])();
};

const slice: Step = (scope, x) => {
  const { op, draw } = scope;
  const rank = shapeOf(x).length;
  if (rank === 0) return null;
  const axis = draw.below(rank);
  const size = shapeOf(x)[axis];
  const isWhole = typeof size !== "number" || size < 2 || draw.chance();
  const [from, to] = [isWhole ? 0 : draw.below(2), isWhole ? 2 ** 31 - 1 : Number(size)];
  return op.Slice([x, integers(scope, [from]), integers(scope, [to]), integers(scope, [axis])]);
};

const join: Step = ({ op, draw, pool: values }, x) => {
  const shape = shapeOf(x);
  if (shape.length < 2 || sizeOf(shape) * 2 > maxElements) return null;
  const fits = values.filter(
    (value) =>
      value.shape?.length === shape.length && value.shape.every((dim, axis) => axis === 1 || dim === shape[axis]),
  );
  return op.Concat(draw.pick([[x], [x, x], [x, draw.pick([...fits, x])]]), { axis: 1 });
};

const split: Step = ({ op, draw }, x) => {
  const size = shapeOf(x)[1];
  if (typeof size !== "number" || size % 2 !== 0) return null;
  const parts = op.Split([x], { axis: 1, num_outputs: 2 }, { outputs: 2 });
  return draw.chance() ? op.Add([parts[0]!, parts[1]!]) : parts[draw.below(2)]!;
};

const spread: Step = (scope, x) => {
  const { op, draw } = scope;
  const shape = shapeOf(x);
  if (shape.length === 0 || sizeOf(shape) * 2 > maxElements) return null;
  return draw.pick([
    () => op.Expand([x, op.Shape([x])]),
    () =>
      op.Tile([
        x,
        integers(
          scope,
          shape.map((_, axis) => (axis === 0 ? draw.between(1, 2) : 1)),
        ),
      ]),
    () => (shape.length === 4 ? op.Resize([x, null, filled(scope, 1, [4])]) : op.Identity([x])),
  ])();
};

const reduce: Step = (scope, x) => {
  const { op, draw } = scope;
  const rank = shapeOf(x).length;
  if (rank === 0) return null;
  const axes = integers(scope, [draw.below(rank)]);
  const keepdims = rank > 1 ? draw.below(2) : 1;
  return draw.pick([
    () => op.ReduceMean([x, axes], { keepdims }),
    () => op.ReduceSum([x, axes], { keepdims }),
    () => op.ReduceMax([x, axes], { keepdims }),
    () => op.Softmax([x], { axis: -1 }),
    () => op.LogSoftmax([x], { axis: draw.below(rank) }),
  ])();
};

/** Steps that move, drop, repeat or combine elements. */
export const shapeSteps: readonly Step[] = [
  pool,
  pool,
  pad,
  transpose,
  reshape,
  reshape,
  slice,
  join,
  split,
  spread,
  reduce,
];
