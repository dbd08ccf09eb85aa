import { elementCount, isStatic, knownElements, sameShape, Tensor, type Value } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant, number } from "../pattern/constant.ts";
import { initializer } from "../pattern/initializer.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { widened } from "./widened.ts";

const attributes = { keepdims: 1 } as const;
const mean = op("ReduceMean", [any("x"), constant("axes")], { attributes, as: "mean" });
const centered = op("Sub", [any("x"), mean]);
const squared = oneOf(op("Pow", [centered, number(2)]), op("Mul", [centered, centered]));
const variance = op("ReduceMean", [squared, constant("varianceAxes")], { attributes });
const deviation = op("Sqrt", [op("Add", [variance, constant("epsilon")])]);

/** (x − mean) / √(mean of squares + epsilon)  →  LayerNormalization(x, 1), over the last axes */
const plainRule = rule({
  name: "recompose-layer-norm",
  pattern: op("Div", [centered, deviation]),
  rewrite({ x, axes, varianceAxes, epsilon, mean }, { op, root, constant }) {
    if (epsilon.constant.size !== 1) return new Reject("is not one number", epsilon);
    const axis = firstOfLastAxes(axes, x);
    if (axis === null || firstOfLastAxes(varianceAxes, x) !== axis)
      return new Reject("is not over the last axes", mean);
    const dims = x.shape?.slice(axis) ?? [];
    if (!isStatic(dims) || x.dtype === null) return new Reject("has a dynamic size where it is normalized", x);
    const ones = Tensor.of(x.dtype, new Float64Array(elementCount(dims)!).fill(1), dims);
    const gamma = constant(ones, `${root.output.name}_scale`);
    const attributes = { axis: -dims.length, epsilon: epsilon.constant.item() };
    return widened(root, x) ?? op.LayerNormalization([x, gamma], attributes);
  },
});

/** LayerNormalization(x, 1) · gamma  →  LayerNormalization(x, gamma) */
const scaleRule = rule({
  name: "recompose-layer-norm-scale",
  pattern: op("Mul", [op("LayerNormalization", [any("x"), constant("ones")], { as: "norm" }), initializer("gamma")]),
  rewrite({ x, ones, gamma, norm }, { like, root }) {
    if (norm.outputs.length > 1) return new Reject("its statistics are read", norm);
    if (!ones.constant.numbers().every((value) => value === 1)) return new Reject("is a scale already", ones);
    if (!sameShape(gamma.initializer.dims, ones.constant.dims)) return new Reject(otherShape, gamma);
    return widened(root, x) ?? like(norm, [x, gamma]);
  },
});

/** LayerNormalization(x, gamma) + beta  →  LayerNormalization(x, gamma, beta) */
const biasRule = rule({
  name: "recompose-layer-norm-bias",
  pattern: op("Add", [op("LayerNormalization", [any("x"), any("gamma")], { as: "norm" }), initializer("beta")]),
  rewrite({ x, gamma, beta, norm }, { like, root }) {
    if (norm.outputs.length > 1) return new Reject("its statistics are read", norm);
    if (!sameShape(gamma.shape, beta.initializer.dims)) return new Reject(otherShape, beta);
    return widened(root, x) ?? like(norm, [x, gamma, beta]);
  },
});

const otherShape = "has another shape than what is normalized";

/** Finds LayerNormalization in the form exporters take it apart into. */
export const recomposeLayerNorm = rulePass({
  name: "recompose-layer-norm",
  summary: "Finds LayerNormalization in ReduceMean, Sub, Pow, Sqrt, Div, Mul and Add.",
  rules: [plainRule, scaleRule, biasRule],
});

/** The first axis of those reduced over, when they are the last ones of x; null otherwise. */
function firstOfLastAxes(axes: Value, x: Value): number | null {
  const rank = x.shape?.length;
  const elements = knownElements(axes);
  if (rank === undefined || !elements || elements.length === 0) return null;
  const sorted = elements.map((axis) => (Number(axis) + rank) % rank).sort((a, b) => a - b);
  return sorted.every((axis, i) => axis === rank - sorted.length + i) ? sorted[0]! : null;
}
