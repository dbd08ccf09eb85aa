/**
 * Reverse-mode differentiation: one gradient rule per op, in one exhaustive table, and `gradients`, which appends the
 * backward graph to a graph of the same IR.
 *
 * It makes plain ONNX ops and ops of the `lowbit` domain (ConvGradInput, MaxPoolGrad, ...) and runs nothing; making them
 * fast on a runtime is the business of later passes.
 */
export type { ConstantPool } from "./constant-pool.ts";
export {
  codes,
  cotangent,
  noGradient,
  unary,
  zeroGradient,
  type CodesGradient,
  type GradientContext,
  type GradientEntry,
  type GradientRule,
  type GradientTable,
  type NoGradient,
  type ZeroGradient,
} from "./gradient-rule.ts";
export { gradientRules } from "./gradient-rules.ts";
export { gradients, type GradientOptions, type Seed } from "./gradients.ts";
export { reluMask } from "./masks.ts";
