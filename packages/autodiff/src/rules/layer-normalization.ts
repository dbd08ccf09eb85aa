import type { Value } from "@lowbit/ir";
import { allAxes, axisOf } from "../axes.ts";
import { reshapeLike, sumToOperand } from "../broadcast.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { alongChannels, inverseDeviation } from "./batch-normalization.ts";
import { sumPerChannel } from "./convolution.ts";

/** x̂ = (x - mean)·inv over axes, and the gradient through it. */
interface Normalized {
  readonly xhat: Value;
  /** dx = inv·(g - mean(g) - x̂·mean(g·x̂)) for the cotangent g of x̂. */
  backward(g: Value): Value;
}

function normalized(context: GradientContext, x: Value, axes: Value, epsilon: number): Normalized {
  const { op } = context;
  const mean = (value: Value) => op.ReduceMean([value, axes], { keepdims: 1 });
  const centred = op.Sub([x, mean(x)]);
  const inv = inverseDeviation(context, mean(op.Mul([centred, centred])), epsilon);
  const xhat = op.Mul([centred, inv]);
  return {
    xhat,
    backward(g) {
      const straight = op.Sub([op.Sub([g, mean(g)]), op.Mul([xhat, mean(op.Mul([g, xhat]))])]);
      return op.Mul([straight, inv]);
    },
  };
}

function epsilonOf(context: GradientContext): number {
  return context.node.float("epsilon", Math.fround(1e-5));
}

/** Y = x̂·Scale + B, normalized over the axes from `axis` on. */
const layerNormalization: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dy, x, scale, bias] = [cotangent(context), operand(context, 0), operand(context, 1), node.inputs[2]];
  const axes = allAxes(x).slice(axisOf(node.int("axis", -1), x));
  const norm = normalized(context, x, constants.ints(axes, "axes"), epsilonOf(context));
  return [
    needs[0] ? norm.backward(op.Mul([dy, scale])) : null,
    needs[1] ? sumToOperand(context, op.Mul([dy, norm.xhat]), scale, [x, scale]) : null,
    bias && needs[2] ? sumToOperand(context, dy, bias, [x, bias]) : null,
  ];
};

/** y = x̂·scale + B with scale and B per channel, normalized over the spatial axes. */
const instanceNormalization: GradientRule = (context) => {
  const { op, needs, constants } = context;
  const [dy, x, scale] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const norm = normalized(context, x, constants.ints(allAxes(x).slice(2), "axes"), epsilonOf(context));
  return [
    needs[0] ? norm.backward(op.Mul([dy, alongChannels(context, scale, x)])) : null,
    needs[1] ? sumPerChannel(context, op.Mul([dy, norm.xhat])) : null,
    needs[2] ? sumPerChannel(context, dy) : null,
  ];
};

/** As InstanceNormalization, over groups of channels: x is seen as [N, groups, elements]. */
const groupNormalization: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dy, x, scale] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const grouped = constants.ints([0, node.int("num_groups", 1), -1], "grouped");
  const norm = normalized(context, op.Reshape([x, grouped]), constants.ints([2], "axes"), epsilonOf(context));
  const scaled = () => op.Reshape([op.Mul([dy, alongChannels(context, scale, x)]), grouped]);
  return [
    needs[0] ? reshapeLike(context, norm.backward(scaled()), x) : null,
    needs[1] ? sumPerChannel(context, op.Mul([dy, reshapeLike(context, norm.xhat, x)])) : null,
    needs[2] ? sumPerChannel(context, dy) : null,
  ];
};

/** Y = X·scale/√(mean(X²) + epsilon): with x̂ = X·inv and g = dY·scale, dX = inv·(g - x̂·mean(g·x̂)). */
const rmsNormalization: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dy, x, scale] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const axes = constants.ints(allAxes(x).slice(axisOf(node.int("axis", -1), x)), "axes");
  const mean = (value: Value) => op.ReduceMean([value, axes], { keepdims: 1 });
  const inv = inverseDeviation(context, mean(op.Mul([x, x])), epsilonOf(context));
  const xhat = op.Mul([x, inv]);
  const dx = () => {
    const g = op.Mul([dy, scale]);
    return op.Mul([op.Sub([g, op.Mul([xhat, mean(op.Mul([g, xhat]))])]), inv]);
  };
  return [needs[0] ? dx() : null, needs[1] ? sumToOperand(context, op.Mul([dy, xhat]), scale, [x, scale]) : null];
};

/** y = x/‖x‖ₚ along an axis, 0 where the norm is 0: p = 1 or 2. */
const lpNormalization: GradientRule = (context) => {
  const { op, node, constants } = context;
  const [dy, x, y] = [cotangent(context), operand(context, 0), node.output];
  const axes = constants.ints([node.int("axis", -1)], "axes");
  const isL1 = node.int("p", 2) === 1;
  const norm = isL1 ? op.ReduceL1([x, axes], { keepdims: 1 }) : op.ReduceL2([x, axes], { keepdims: 1 });
  const isZero = op.Equal([norm, constants.scalar(0, x)]);
  const safe = op.Where([isZero, constants.scalar(1, x), norm]);
  const total = op.ReduceSum([op.Mul([dy, y]), axes], { keepdims: 1 });
  const along = isL1 ? op.Sign([x]) : y;
  return [op.Div([op.Sub([dy, op.Mul([along, total])]), safe])];
};

/** The epsilon that ONNX adds to the standard deviation of MeanVarianceNormalization. */
const meanVarianceEpsilon = 1e-9;

/** y = (x - mean)/(√variance + 1e-9): with d = √variance, dx = (dy - mean(dy) - centred·mean(dy·y)/d)/(d + 1e-9). */
const meanVarianceNormalization: GradientRule = (context) => {
  const { op, node, constants } = context;
  const [dy, x, y] = [cotangent(context), operand(context, 0), node.output];
  const axes = constants.ints(node.ints("axes", [0, 2, 3]), "axes");
  const mean = (value: Value) => op.ReduceMean([value, axes], { keepdims: 1 });
  const centred = op.Sub([x, mean(x)]);
  const deviation = op.Sqrt([mean(op.Mul([centred, centred]))]);
  const bend = op.Mul([centred, op.Div([mean(op.Mul([dy, y])), deviation])]);
  const straight = op.Sub([op.Sub([dy, mean(dy)]), bend]);
  return [op.Div([straight, op.Add([deviation, constants.scalar(meanVarianceEpsilon, x)])])];
};

/** Rules of normalizations by the statistics of each sample. */
export const layerNormalizationGradients = {
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: noGradient("write it as AveragePool over the channels, Pow and Div"),
} satisfies Partial<GradientTable>;
