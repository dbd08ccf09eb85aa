import { zeroGradient, type GradientTable } from "../gradient-rule.ts";

/** Comparisons and boolean operations: their results do not change with small changes of their operands. */
export const logicGradients = {
  Equal: zeroGradient,
  Greater: zeroGradient,
  GreaterOrEqual: zeroGradient,
  Less: zeroGradient,
  LessOrEqual: zeroGradient,
  Not: zeroGradient,
  And: zeroGradient,
  Or: zeroGradient,
  Xor: zeroGradient,
  IsNaN: zeroGradient,
  IsInf: zeroGradient,
} satisfies Partial<GradientTable>;
