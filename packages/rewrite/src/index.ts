/**
 * Graph rewriting over the lowbit IR: typed patterns, rules with reasons, the worklist driver, passes and pipelines, and the
 * passes that clean, fold and fuse float graphs.
 *
 * It does not know quantization, gradients or backends; their passes are written with what is here.
 */
export { any } from "./pattern/any.ts";
export type { AttributeCondition } from "./pattern/attribute-condition.ts";
export { constant, number, type ConstantValue } from "./pattern/constant.ts";
export { initializer, type InitializerValue } from "./pattern/initializer.ts";
export { matchAt, type Match } from "./pattern/match.ts";
export type { Mismatch } from "./pattern/match-state.ts";
export { oneOf } from "./pattern/one-of.ts";
export { op, type OpOptions } from "./pattern/op.ts";
export { optional } from "./pattern/optional.ts";
export type { Capture, CapturesOf, Flat, Pattern } from "./pattern/pattern.ts";
export { applyRules, type ApplyOptions, type ApplyResult } from "./rule/apply-rules.ts";
export { Explanation, findingText, type Finding } from "./rule/explanation.ts";
export { Reject, rule, type Replacement, type RewriteContext, type Rule } from "./rule/rule.ts";
export { graphsWithin } from "./graphs-within.ts";
export type { OptionSchema, OptionSchemas, OptionValue, SettingsOf } from "./pass/options.ts";
export {
  definePass,
  type ConfigurablePass,
  type Pass,
  type PassContext,
  type PassDefinition,
  type PassResult,
} from "./pass/pass.ts";
export { parsePipeline, pipelineText, type PassRegistry } from "./pass/pipeline-text.ts";
export { rulePass } from "./pass/rule-pass.ts";
export { runPasses, type PassRecord, type PipelineReport, type RunOptions } from "./pass/run-passes.ts";
export { sequence } from "./pass/sequence.ts";
export {
  canonicalize,
  defaultPipeline,
  floatPasses,
  optimize,
  optimizeForTraining,
  trainingPipeline,
} from "./pipelines.ts";
export { fuseBnConv } from "./fusions/bn-conv.ts";
export { fuseConvBn } from "./fusions/conv-bn.ts";
export { fuseConvTransposeBn } from "./fusions/conv-transpose-bn.ts";
export { decomposeBatchNorm } from "./fusions/decompose-batch-norm.ts";
export { decomposeConvTranspose } from "./fusions/decompose-conv-transpose.ts";
export { recomposeGelu } from "./fusions/gelu.ts";
export { fuseGemmBn } from "./fusions/gemm-bn.ts";
export { recomposeHardSigmoid } from "./fusions/hard-sigmoid.ts";
export { recomposeHardSwish } from "./fusions/hard-swish.ts";
export { recomposeLayerNorm } from "./fusions/layer-norm.ts";
export { fuseLinearScale } from "./fusions/linear-scale.ts";
export { fuseLinearShift } from "./fusions/linear-shift.ts";
export { fuseMatMulAdd } from "./fusions/matmul-add.ts";
export { fusePad } from "./fusions/pad.ts";
export { recomposeSwish } from "./fusions/swish.ts";
export { cancelReshapes } from "./passes/cancel-reshapes.ts";
export { cancelTransposes } from "./passes/cancel-transposes.ts";
export { commonSubexpressions } from "./passes/common-subexpressions.ts";
export { constantToInitializer } from "./passes/constant-to-initializer.ts";
export { convertOpset } from "./passes/convert-opset.ts";
export { eliminateDeadCode } from "./passes/eliminate-dead-code.ts";
export { eliminateDropout } from "./passes/eliminate-dropout.ts";
export { eliminateIdentity } from "./passes/eliminate-identity.ts";
export { foldConstants } from "./passes/fold-constants.ts";
export { inferenceMode } from "./passes/inference-mode.ts";
export { runningStatistics } from "./passes/running-statistics.ts";
export { initializersNotInputs } from "./passes/initializers-not-inputs.ts";
export { staticReshape } from "./passes/static-reshape.ts";
export { dropZeroStates } from "./passes/drop-zero-states.ts";
export { eliminateNeutralOperands } from "./passes/eliminate-neutral-operands.ts";
