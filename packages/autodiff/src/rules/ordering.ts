import { reshapeLike } from "../broadcast.ts";
import { axisOf } from "../axes.ts";
import { cotangent, noGradient, operand, type GradientRule, type GradientTable } from "../gradient-rule.ts";
import { scatterAlong } from "../scatter.ts";

/** Elements behind (before, with `reverse`) an element get its cotangent. */
const cumSum: GradientRule = (context) => {
  const { op, node } = context;
  const [exclusive, reverse] = [node.int("exclusive", 0), node.int("reverse", 0)];
  return [
    op.CumSum([cotangent(context), operand(context, 1)], { exclusive: exclusive || undefined, reverse: 1 - reverse }),
  ];
};

/** Slices where the condition holds go back to their places. */
const compress: GradientRule = (context) => {
  const { op, node, constants } = context;
  const [dy, x, condition] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const flat = constants.ints([-1], "flat");
  const places = op.Reshape([op.NonZero([condition]), flat]);
  if (node.attributes.has("axis")) {
    const axis = axisOf(node.int("axis", 0), x);
    return [scatterAlong(context, dy, axis, places, constants.dimOf(x, axis))];
  }
  const size = op.Reshape([op.Size([x]), flat]);
  return [reshapeLike(context, scatterAlong(context, dy, 0, places, size), x)];
};

/** Rules of ops that order, select or accumulate along an axis. */
export const orderingGradients = {
  CumSum: cumSum,
  CumProd: noGradient("write it as Exp of a CumSum of logarithms"),
  Compress: compress,
  /** Reversing twice gives the operand. */
  ReverseSequence: (context) => {
    const { op, node } = context;
    const axes = { batch_axis: node.int("batch_axis", 1), time_axis: node.int("time_axis", 0) };
    return [op.ReverseSequence([cotangent(context), operand(context, 1)], axes), null];
  },
  Trilu: (context) => {
    const { op, node } = context;
    return [op.Trilu([cotangent(context), node.inputs[1] ?? null], { upper: node.int("upper", 1) }), null];
  },
  TensorScatter: noGradient("it updates caches of inference"),
} satisfies Partial<GradientTable>;
