import { integerRange, isInteger, Tensor, type DType, type Value } from "@lowbit/ir";
import { allAxes, axisOf } from "../axes.ts";
import { dtypeOf } from "../constant-pool.ts";
import {
  codes,
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { castTo } from "../masks.ts";

/** How scales lie on the data: one for all, one per index of an axis, or one per block. */
function layout({ node, fail }: GradientContext, scale: Value): "tensor" | "axis" | "block" {
  if (node.int("block_size", 0) !== 0) return "block";
  if (scale.shape === null) return fail("the rank of its scale is not known");
  return scale.shape.length === 0 || scale.shape[0] === 1 ? "tensor" : "axis";
}

/** Sums what shares a scale. */
function sumPerScale(context: GradientContext, value: Value, scale: Value): Value {
  const { op, node, constants, fail } = context;
  const kind = layout(context, scale);
  if (kind === "block") return fail("scales per block are not trained; use FakeQuantize");
  if (kind === "tensor") {
    const sum = op.ReduceSum([value], { keepdims: 0 });
    return scale.shape?.length === 0 ? sum : op.Reshape([sum, constants.ints([1], "shape")]);
  }
  const axis = axisOf(node.int("axis", 1), value);
  const others = allAxes(value).filter((other) => other !== axis);
  return op.ReduceSum([value, constants.ints(others, "axes")], { keepdims: 0 });
}

/** The zero point as FakeQuantize takes it: of the scale's shape. */
function zeroPoint(context: GradientContext, dtype: DType, scale: Value): Value {
  const { op, node, constants } = context;
  return (
    node.inputs[2] ?? op.Expand([constants.tensor(Tensor.scalar(dtype, 0), "zero_point"), constants.shapeOf(scale)])
  );
}

/**
 * codes = round(x / scale) + zero_point: straight through where nothing saturates. The cotangent of codes is that of
 * the real numbers they stand for, so dx = dy inside, and dscale = -Σ dx·x/scale; with what DequantizeLinear gives its
 * scale this adds up to the gradient of FakeQuantize.
 */
const quantizeLinear: GradientRule = (context) => {
  const { op, node, needs, fail, constants } = context;
  const [dy, x, scale] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const dtype = dtypeOf(node.output);
  if (!isInteger(dtype)) return fail(`its codes have the type ${dtype}`);
  const [qmin, qmax] = integerRange(dtype);
  const kind = layout(context, scale);
  const scalar = (value: Value) =>
    kind === "tensor" && value.shape?.length !== 0 ? op.Reshape([value, constants.ints([], "shape")]) : value;
  const dx = op.FakeQuantizeGrad([dy, x, scalar(scale), scalar(zeroPoint(context, dtype, scale))], {
    qmin,
    qmax,
    axis: kind === "tensor" ? undefined : node.int("axis", 1),
    block_size: node.int("block_size", 0) || undefined,
  })!;
  const dscale = () => op.Neg([op.Div([sumPerScale(context, op.Mul([dx, x]), scale), scale])]);
  return [dx, needs[1] ? dscale() : null];
};

/** y = (x - zero_point)·scale: the codes' cotangent is dy, dscale = Σ dy·(x - zero_point) = Σ dy·y / scale. */
const dequantizeLinear: GradientRule = (context) => {
  const { op, node, needs } = context;
  const [dy, scale] = [cotangent(context), operand(context, 1)];
  const dscale = () => op.Div([sumPerScale(context, op.Mul([dy, node.output]), scale), scale]);
  return [dy, needs[1] ? castTo(context, dscale(), dtypeOf(scale)) : null];
};

/** Rules of ONNX's quantization: the pair is straight-through. */
export const quantizationGradients = {
  QuantizeLinear: codes(quantizeLinear),
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: noGradient("its scale depends on the range of the run; use FakeQuantize"),
} satisfies Partial<GradientTable>;
