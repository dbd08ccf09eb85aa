import type { Value } from "@lowbit/ir";
import { sumToOperand } from "../broadcast.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";
import { castTo, equalMask, maskOf } from "../masks.ts";
import { dtypeOf } from "../constant-pool.ts";

type BinaryTerm = (context: GradientContext, dy: Value, a: Value, b: Value, y: Value) => Value;

/** A rule for two broadcast operands from the cotangents they would have without broadcasting. */
function binary(da: BinaryTerm, db: BinaryTerm): GradientRule {
  return (context) => {
    const [dy, a, b, y] = [cotangent(context), operand(context, 0), operand(context, 1), context.node.output];
    return [
      context.needs[0] ? sumToOperand(context, da(context, dy, a, b, y), a) : null,
      context.needs[1] ? sumToOperand(context, db(context, dy, a, b, y), b) : null,
    ];
  };
}

/** The same cotangent, made by `term`, for every broadcast operand. */
function everyOperand(term: (context: GradientContext, dy: Value) => Value): GradientRule {
  return (context) => {
    const grad = term(context, cotangent(context));
    return context.node.inputs.map((value, i) =>
      value && context.needs[i] ? sumToOperand(context, grad, value) : null,
    );
  };
}

/** y = max or min of all operands: operands that are equal share the cotangent evenly, as in PyTorch. */
const choice: GradientRule = (context) => {
  const { op, node, needs } = context;
  const [dy, y] = [cotangent(context), node.output];
  if (node.inputs.length === 1) return [dy];
  const masks = node.inputs.map((value) => equalMask(context, value!, y));
  const count = masks.length === 2 ? op.Add([masks[0]!, masks[1]!]) : op.Sum(masks);
  const share = op.Div([dy, count]);
  return node.inputs.map((value, i) => (needs[i] ? sumToOperand(context, op.Mul([share, masks[i]!]), value!) : null));
};

/** y = aᵇ: da = dy·b·aᵇ⁻¹ (0 where b is 0), db = dy·y·ln a (0 where a is 0). */
const pow = binary(
  (context, dy, a, b) => {
    const { op, constants } = context;
    const fixed = b.constant?.size === 1 ? b.constant.item() : null;
    const exponent = castTo(context, b, dtypeOf(a));
    if (fixed === 0) return constants.zerosLike(dy);
    if (fixed === 1) return dy;
    if (fixed === 2) return op.Mul([op.Mul([dy, a]), constants.scalar(2, a)]);
    if (fixed !== null) return op.Mul([op.Mul([dy, op.Pow([a, constants.scalar(fixed - 1, a)])]), exponent]);
    const slope = op.Mul([exponent, op.Pow([a, op.Sub([exponent, constants.scalar(1, a)])])]);
    const zero = constants.scalar(0, a);
    return op.Mul([dy, op.Where([op.Equal([exponent, zero]), zero, slope])]);
  },
  (context, dy, a, _b, y) => {
    const { op, constants } = context;
    const zero = constants.scalar(0, a);
    const logarithm = op.Where([op.Equal([a, zero]), zero, op.Log([a])]);
    return op.Mul([dy, op.Mul([y, logarithm])]);
  },
);

const integers = noGradient("it computes on the bits of integers");

/** Rules of arithmetic on broadcast operands. */
export const arithmeticGradients = {
  Add: everyOperand((_, dy) => dy),
  Sum: everyOperand((_, dy) => dy),
  Mean: everyOperand(({ op, node, constants }, dy) => op.Mul([dy, constants.scalar(1 / node.inputs.length, dy)])),
  Sub: binary(
    (_, dy) => dy,
    ({ op }, dy) => op.Neg([dy]),
  ),
  /** y = a·b: da = dy·b, db = dy·a. */
  Mul: binary(
    ({ op }, dy, _a, b) => op.Mul([dy, b]),
    ({ op }, dy, a) => op.Mul([dy, a]),
  ),
  /** y = a/b: da = dy/b, db = -dy·y/b. */
  Div: binary(
    ({ op }, dy, _a, b) => op.Div([dy, b]),
    ({ op }, dy, _a, b, y) => op.Neg([op.Div([op.Mul([dy, y]), b])]),
  ),
  Pow: pow,
  Max: choice,
  Min: choice,
  /** y = a - b·trunc(a/b): da = dy, db = -dy·trunc(a/b), where b·trunc(a/b) = a - y. */
  Mod: binary(
    (_, dy) => dy,
    ({ op }, dy, a, b, y) => op.Mul([dy, op.Round([op.Div([op.Sub([y, a]), b])])]),
  ),
  /** y = condition ? a : b: each branch gets the cotangent where it was chosen. */
  Where: (context) => {
    const { op, needs } = context;
    const [condition, a, b] = [operand(context, 0), operand(context, 1), operand(context, 2)];
    const dy = cotangent(context);
    const mask = maskOf(context, condition, dy);
    const chosen = op.Mul([dy, mask]);
    return [
      null,
      needs[1] ? sumToOperand(context, chosen, a) : null,
      needs[2] ? sumToOperand(context, op.Sub([dy, chosen]), b) : null,
    ];
  },
  BitShift: integers,
  BitwiseAnd: integers,
  BitwiseOr: integers,
  BitwiseXor: integers,
} satisfies Partial<GradientTable>;
