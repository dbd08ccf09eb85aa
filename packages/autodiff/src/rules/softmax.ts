import { unary, zeroGradient, type GradientContext, type GradientTable } from "../gradient-rule.ts";
import type { Value } from "@lowbit/ir";

function sumAlongAxis({ op, node, constants }: GradientContext, value: Value): Value {
  return op.ReduceSum([value, constants.ints([node.int("axis", -1)], "axes")], { keepdims: 1 });
}

/** Rules of the softmax family along one axis. */
export const softmaxGradients = {
  /** y·(dy - Σ dy·y). */
  Softmax: unary((context, dy, _x, y) => {
    const { op } = context;
    const total = sumAlongAxis(context, op.Mul([dy, y]));
    return op.Mul([y, op.Sub([dy, total])]);
  }),
  /** dy - eʸ·Σ dy. */
  LogSoftmax: unary((context, dy, _x, y) => {
    const { op } = context;
    return op.Sub([dy, op.Mul([op.Exp([y]), sumAlongAxis(context, dy)])]);
  }),
  Hardmax: zeroGradient,
} satisfies Partial<GradientTable>;
