import { type Value } from "@lowbit/ir";
import { filled, integers, shapeOf, weight, type Scope, type Step } from "./scope.ts";

/** A weight, sometimes behind an Identity, a Transpose or a Reshape, as exporters leave them. */
function hidden(scope: Scope, name: string, dims: readonly number[]): Value {
  const { op, draw } = scope;
  const reversed = [...dims].reverse();
  return draw.pick([
    () => weight(scope, name, dims),
    () => weight(scope, name, dims),
    () => op.Identity([weight(scope, name, dims)]),
    () => op.Transpose([weight(scope, name, reversed)]),
    () => op.Reshape([weight(scope, name, [dims.reduce((size, dim) => size * dim, 1)]), integers(scope, dims)]),
  ])();
}

function batchNorm(scope: Scope, x: Value): Value | null {
  const channels = shapeOf(x)[1];
  if (typeof channels !== "number") return null;
  const vector = (name: string): Value => weight(scope, name, [channels]);
  const operands = [x, vector("scale"), vector("bias"), vector("mean"), vector("var")] as const;
  const outputs = scope.op.BatchNormalization(operands, scope.draw.chance() ? { epsilon: 0.01 } : {});
  return outputs;
}

const conv: Step = (scope, x) => {
  const { op, draw } = scope;
  const [, channels, ...spatial] = shapeOf(x);
  if (typeof channels !== "number" || spatial.length === 0 || spatial.length > 2) return null;
  const divisors = [1, 2, channels].filter((group) => channels % group === 0);
  const group = draw.pick(divisors);
  const out = group * draw.between(1, Math.max(1, Math.floor(6 / group)));
  const kernel = spatial.map((size) => (typeof size === "number" && size >= 3 ? draw.pick([1, 3]) : 1));
  const w = hidden(scope, "w", [out, channels / group, ...kernel]);
  const b = draw.chance() ? weight(scope, "b", [out]) : null;
  const pads = [...spatial, ...spatial].map(() => draw.pick([0, 0, 1]));
  const attributes = draw.pick([
    {},
    { pads },
    { strides: spatial.map(() => draw.between(1, 2)) },
    { auto_pad: "SAME_UPPER" },
    { auto_pad: "VALID" },
  ]);
  const source = draw.below(4) === 3 ? (batchNorm(scope, x) ?? x) : x;
  const y = op.Conv([source, w, b], { group, ...attributes });
  return draw.pick([() => y, () => batchNorm(scope, y), () => op.Relu([y])])();
};

const convTranspose: Step = (scope, x) => {
  const { op, draw } = scope;
  const [, channels, ...spatial] = shapeOf(x);
  if (typeof channels !== "number" || spatial.length !== 2) return null;
  const group = channels % 2 === 0 && draw.chance() ? 2 : 1;
  const w = weight(scope, "w", [channels, 2, 2, 2]);
  const b = draw.chance() ? weight(scope, "b", [2 * group]) : null;
  const y = op.ConvTranspose([x, w, b], { group, strides: [draw.between(1, 2), 1] });
  return draw.chance() ? batchNorm(scope, y) : y;
};

const product: Step = (scope, x) => {
  const { op, draw } = scope;
  const inner = shapeOf(x).at(-1);
  if (typeof inner !== "number" || shapeOf(x).length < 2) return null;
  const out = draw.between(1, 5);
  const y = op.MatMul([x, hidden(scope, "w", [inner, out])]);
  return draw.pick([
    () => y,
    () => op.Add([y, weight(scope, "b", [out])]),
    () => op.Mul([y, weight(scope, "row_scale", [out])]),
    () => (shapeOf(y).length === 2 ? batchNorm(scope, y) : y),
  ])();
};

const gemm: Step = (scope, x) => {
  const { op, draw } = scope;
  const inner = shapeOf(x).at(-1);
  if (typeof inner !== "number" || shapeOf(x).length !== 2) return null;
  const out = draw.between(1, 5);
  const transB = draw.below(2);
  const w = hidden(scope, "w", transB ? [out, inner] : [inner, out]);
  const c = draw.pick([null, weight(scope, "b", [out]), weight(scope, "b", [1, out]), filled(scope, 0.5)]);
  const y = op.Gemm([x, w, c], { transB, alpha: draw.pick([1, 0.5]), beta: draw.pick([1, 2]) });
  return draw.chance() ? batchNorm(scope, y) : y;
};

const normalization: Step = (scope, x) => (shapeOf(x).length < 2 ? null : batchNorm(scope, x));

/** LayerNormalization over the last axis, whole or taken apart. */
const layerNorm: Step = (scope, x) => {
  const { op, draw } = scope;
  const size = shapeOf(x).at(-1);
  if (typeof size !== "number" || size < 2) return null;
  const gamma = weight(scope, "scale", [size]);
  if (draw.chance()) return op.LayerNormalization([x, gamma]);
  const axes = integers(scope, [-1]);
  const centered = op.Sub([x, op.ReduceMean([x, axes])]);
  const square = draw.chance() ? op.Mul([centered, centered]) : op.Pow([centered, filled(scope, 2)]);
  const deviation = op.Sqrt([op.Add([op.ReduceMean([square, axes]), filled(scope, 0.1)])]);
  const normalized = op.Mul([op.Div([centered, deviation]), gamma]);
  return draw.chance() ? op.Add([normalized, weight(scope, "beta", [size])]) : normalized;
};

/** Weighted sums and what is folded into them. */
export const linearSteps: readonly Step[] = [conv, conv, conv, convTranspose, product, gemm, normalization, layerNorm];
