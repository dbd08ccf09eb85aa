import type { Value } from "@lowbit/ir";
import { expandLike } from "../broadcast.ts";
import { allAxes } from "../axes.ts";
import { noGradient, unary, type GradientContext, type GradientTable } from "../gradient-rule.ts";
import { equalMask } from "../masks.ts";
import { poolWindow } from "../window.ts";

/** The axes of [N, C, ...] behind the channels. */
function spatialAxes({ constants }: GradientContext, value: Value): Value {
  return constants.ints(allAxes(value).slice(2), "axes");
}

const secondOrder = noGradient("it is itself a gradient, and piecewise constant in its choice of elements");

/** Rules of pooling. */
export const poolingGradients = {
  /** Of equal maxima in a window the first gets the cotangent. */
  MaxPool: unary(({ op, node }, dy, x, y) => op.MaxPoolGrad([dy, x, y], poolWindow(node))),
  AveragePool: unary(({ op, node }, dy, x) => {
    const includePad = node.int("count_include_pad", 0) || undefined;
    return op.AveragePoolGrad([dy, x], { ...poolWindow(node), count_include_pad: includePad });
  }),
  /** dy / (number of positions) at every position. */
  GlobalAveragePool: unary((context, dy, x, y) => {
    const { op, constants } = context;
    return expandLike(context, op.Div([dy, constants.sizeRatio(x, y)]), x);
  }),
  /** Positions that hold the maximum share the cotangent evenly. */
  GlobalMaxPool: unary((context, dy, x, y) => {
    const { op } = context;
    const mask = equalMask(context, x, y);
    const count = op.ReduceSum([mask, spatialAxes(context, x)], { keepdims: 1 });
    return op.Mul([mask, op.Div([dy, count])]);
  }),
  /** y = (Σ|x|ᵖ)^(1/p): dx = dy·sign(x)·(|x|/y)ᵖ⁻¹, 0 where y is 0. */
  GlobalLpPool: unary((context, dy, x, y) => {
    const { op, node, constants } = context;
    const p = node.int("p", 2);
    if (p === 1) return op.Mul([dy, op.Sign([x])]);
    const zero = constants.scalar(0, y);
    const safe = op.Where([op.Equal([y, zero]), constants.scalar(1, y), y]);
    const share = op.Div([x, safe]);
    if (p === 2) return op.Mul([dy, share]);
    const power = op.Pow([op.Abs([share]), constants.scalar(p - 1, x)]);
    return op.Mul([dy, op.Mul([op.Sign([x]), power])]);
  }),
  LpPool: noGradient("write it as Pow, AveragePool and Pow"),
  /** AveragePool is linear, so the gradient of its gradient is itself. */
  AveragePoolGrad: (context) => {
    const { op, node, grads } = context;
    const includePad = node.int("count_include_pad", 0) || undefined;
    return [op.AveragePool([grads[0]!], { ...poolWindow(node), count_include_pad: includePad }), null];
  },
  MaxPoolGrad: secondOrder,
  MaxUnpool: noGradient("no ONNX op gathers by the flat indices it takes"),
  MaxRoiPool: noGradient("ONNX has no op for its gradient"),
  RoiAlign: noGradient("ONNX has no op for its gradient"),
} satisfies Partial<GradientTable>;
