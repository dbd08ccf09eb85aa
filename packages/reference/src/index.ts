/**
 * The reference interpreter of the IR: every op in plain loops, float and integer. It is the oracle of the tests, the
 * evaluator behind constant folding, and the simulator of how backends requantize and saturate.
 *
 * It is written to be read, not to be fast, and it never calls a runtime.
 */
export { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
export { evaluateNode, type NodeContext } from "./evaluate-node.ts";
export {
  armArithmetic,
  avx2Arithmetic,
  floatArithmetic,
  gemmlowpArithmetic,
  qnnpackArithmetic,
  rndnuArithmetic,
  type IntegerArithmetic,
} from "./integer-arithmetic/integer-arithmetic.ts";
export type { Add, Affine, AffineOutput, Average, ProductScales, Requantize } from "./integer-arithmetic/types.ts";
export { hasKernel, missingKernel } from "./kernel-table.ts";
