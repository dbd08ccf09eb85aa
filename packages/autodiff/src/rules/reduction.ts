import type { Value } from "@lowbit/ir";
import { expandLike } from "../broadcast.ts";
import { axesOperand, integersOf } from "../axes.ts";
import {
  cotangent,
  zeroGradient,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { equalMask, maskOf } from "../masks.ts";

/** From dy and y, both with the reduced axes kept as 1, and x. */
type ReductionTerm = (context: GradientContext, dy: Value, x: Value, y: Value) => Value;

/**
 * A reduction's rule from what one element of x gets. Without axes and with `noop_with_empty_axes` each element is
 * reduced alone: `alone` is what that leaves of the rule, Identity's where an element alone stays as it is.
 */
function reduction(term: ReductionTerm, alone: ReductionTerm = (_, dy) => dy): GradientRule {
  return (context) => {
    const { node } = context;
    const [dy, x, y] = [cotangent(context), node.input, node.output];
    if (isNoop(context)) return [alone(context, dy, x, y)];
    return [term(context, withReducedAxes(context, dy), x, withReducedAxes(context, y))];
  };
}

function isNoop({ node }: GradientContext): boolean {
  if (node.int("noop_with_empty_axes", 0) === 0) return false;
  const axes = axesOperand(node);
  return axes === null || axes.shape?.[0] === 0 || integersOf(axes)?.length === 0;
}

/** Puts the axes that a reduction dropped back as 1. Without an axes operand all were reduced: a scalar broadcasts. */
function withReducedAxes({ op, node }: GradientContext, value: Value): Value {
  const axes = axesOperand(node);
  if (node.int("keepdims", 1) !== 0 || axes === null || integersOf(axes)?.length === 0) return value;
  return op.Unsqueeze([value, axes]);
}

/** Sums over the axes of the node, kept as 1. */
function sumLikeNode({ op, node }: GradientContext, value: Value): Value {
  return op.ReduceSum([value, axesOperand(node)], { keepdims: 1 });
}

/** y = max or min over axes: the elements equal to it share the cotangent evenly, as in PyTorch's amax and amin. */
const choice = reduction((context, dy, x, y) => {
  const { op } = context;
  const mask = equalMask(context, x, y);
  return op.Mul([mask, op.Div([dy, sumLikeNode(context, mask)])]);
});

/** y = Πx: every element gets dy times the product of the others; exact where elements are 0. */
const product = reduction((context, dy, x) => {
  const { op, node, constants } = context;
  const [zero, one] = [constants.scalar(0, x), constants.scalar(1, x)];
  const isZero = op.Equal([x, zero]);
  const nonzero = op.Where([isZero, one, x]);
  const productOfNonzero = op.ReduceProd([nonzero, axesOperand(node)], { keepdims: 1 });
  const zeros = maskOf(context, isZero, x);
  const otherZeros = op.Sub([sumLikeNode(context, zeros), zeros]);
  const others = op.Mul([op.Div([productOfNonzero, nonzero]), maskOf(context, op.Equal([otherZeros, zero]), x)]);
  return op.Mul([dy, others]);
});

/** A rule that holds for an element alone as it stands. */
function alike(term: ReductionTerm): GradientRule {
  return reduction(term, term);
}

/** Rules of reductions over axes. */
export const reductionGradients = {
  ReduceSum: reduction((context, dy, x) => expandLike(context, dy, x)),
  ReduceMean: reduction((context, dy, x) => {
    const { op, node, constants } = context;
    return expandLike(context, op.Div([dy, constants.sizeRatio(x, node.output)]), x);
  }),
  ReduceMax: choice,
  ReduceMin: choice,
  ReduceProd: product,
  /** Σ|x|. */
  ReduceL1: alike(({ op }, dy, x) => op.Mul([dy, op.Sign([x])])),
  /** √Σx²: dy·x/y, 0 where y is 0. */
  ReduceL2: alike(({ op, constants }, dy, x, y) => {
    const isZero = op.Equal([y, constants.scalar(0, y)]);
    const safe = op.Where([isZero, constants.scalar(1, y), y]);
    return op.Mul([x, op.Div([dy, safe])]);
  }),
  /** ln Σx: dy/exp(y). */
  ReduceLogSum: alike((context, dy, x, y) => {
    const { op } = context;
    return expandLike(context, op.Div([dy, op.Exp([y])]), x);
  }),
  /** ln Σeˣ: dy·exp(x - y). */
  ReduceLogSumExp: reduction(({ op }, dy, x, y) => op.Mul([dy, op.Exp([op.Sub([x, y])])])),
  /** Σx²: dy·2x. */
  ReduceSumSquare: alike(({ op }, dy, x) => op.Mul([op.Add([dy, dy]), x])),
  ArgMax: zeroGradient,
  ArgMin: zeroGradient,
} satisfies Partial<GradientTable>;
