/**
 * Graph rewriting over the lowbit IR: typed patterns, rules with reasons, the worklist driver, passes and pipelines, and the
 * passes that clean, fold and fuse float graphs.
 *
 * It does not know quantization, gradients or backends; their passes are written with what is here.
 */
export { any } from "./pattern/any.ts";
export type { AttributeCondition } from "./pattern/attribute-condition.ts";
export { constant, number, type ConstantValue } from "./pattern/constant.ts";
export { matchAt, type Match } from "./pattern/match.ts";
export type { Mismatch } from "./pattern/match-state.ts";
export { oneOf } from "./pattern/one-of.ts";
export { op, type OpOptions } from "./pattern/op.ts";
export { optional } from "./pattern/optional.ts";
export type { Capture, CapturesOf, Pattern } from "./pattern/pattern.ts";
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
