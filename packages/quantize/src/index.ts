/**
 * Quantization as graph rewriting: plans of what to quantize and how, calibration, fake quantization for training, and
 * the conversion to standard QuantizeLinear and DequantizeLinear with integer weights.
 *
 * It does not know what any backend can run (plans come from the backends' quantizers) nor how training works.
 */
export { diffPlans, diffText, mergePlans, type MergedPlan, type PlanDifference } from "./plan/compare-plans.ts";
export { keepFloat, keptByUser, nodesMatching, withSpec } from "./plan/edit-plan.ts";
export { globDistance, globMatcher } from "./plan/glob.ts";
export { dynamicPlan, weightOnlyPlan, type ModePlanOptions, type WeightCodes } from "./plan/mode-plans.ts";
export { createPlan, planText, type QuantPlan, type Skipped } from "./plan/plan.ts";
export { improvementsOf, planFromJson, planToJson, type PlanJson, type SpecJson } from "./plan/plan-json.ts";
export { modesOfPlan, quantizationModes, type QuantizationMode } from "./plan/plan-mode.ts";
export { PointNames } from "./plan/point-names.ts";
export { requireFloat } from "./plan/require-float.ts";
export { sharingGroups, UnionFind, type SharingGroup, type SharingGroups } from "./plan/sharing.ts";
export {
  defaultEps,
  dynamic,
  fixed,
  granularityText,
  isUse,
  nodeOf,
  observed,
  observerNames,
  quantDTypes,
  sameSpec,
  scaleDims,
  specText,
  valueOf,
  type DerivedSpec,
  type DynamicSpec,
  type FixedSpec,
  type Granularity,
  type ObservedSpec,
  type ObserverName,
  type OwnSpec,
  type QuantDType,
  type QuantPoint,
  type QuantSpec,
  type SharedSpec,
} from "./plan/spec.ts";
export { floatPipeline, type AnnotateOptions, type QuantizationBackend, type Quantizer } from "./quantizer.ts";
export { biasOfOneRow } from "./lower/bias-of-one-row.ts";
export { foldClampIntoQuantize } from "./lower/fold-clamp-into-quantize.ts";
export { quantizeBeforeClamp } from "./lower/quantize-before-clamp.ts";
export type { Range, Ranges } from "./calibrate/ranges.ts";
export { bypassFakeQuantize, freezeObservers } from "./prepare/freeze-observers.ts";
export { freezeQuantizers } from "./prepare/freeze-quantizers.ts";
export { learnScales, type LearnScalesOptions } from "./prepare/learn-scales.ts";
export { prepare, type PrepareOptions } from "./prepare/prepare.ts";
export { composeConvBatchNormalization } from "./conv-batch-normalization/compose.ts";
export {
  decomposeAllConvBatchNormalizations,
  decomposeConvBatchNormalization,
  type NormalizationPhase,
} from "./conv-batch-normalization/decompose.ts";
export { foldConvBatchNormalization } from "./conv-batch-normalization/fold.ts";
export { computesOnCodes, isConversion } from "./convert/op-kinds.ts";
export { convert } from "./convert/convert.ts";
export { integerForm, type IntegerForm, type IntegerFormOptions, type QuantizedValue } from "./convert/integer-form.ts";
export type { CalibrateOptions, CalibrationRunOptions } from "./calibrate/calibration-options.ts";
export { calibrate, calibrateAll, type Calibration } from "./calibrate/calibrate.ts";
export { feedShapes, type FeedSource, type NamedSamples } from "./calibrate/feed-stream.ts";
export { Histogram, leastBins, type HistogramJson } from "./observers/histogram.ts";
export { Statistics, type ObserverSettings, type StatisticsJson } from "./observers/statistics.ts";
export { backendKey, deployModel, type DeployedModel } from "./deploy-model.ts";
export { integerOperators } from "./lower/integer-operators/integer-operators.ts";
export { movesElements, padsWithZeros } from "./lower/moves-elements.ts";
export { keepFloatWeights } from "./lower/keep-float-weights.ts";
export { padOnCodes } from "./lower/pad-on-codes.ts";
export { compactFile } from "./lower/compact/compact-file.ts";
export { lowestOpset } from "./lower/lowest-opset.ts";
export { quantizeModel, type QuantizedModel, type QuantizeOptions } from "./quantize-model.ts";
export { clipWeights, type ClippedWeights, type ClipWeightsOptions } from "./improve/clip-weights.ts";
export { correctBias, type CorrectBiasOptions, type CorrectedBiases } from "./improve/correct-bias.ts";
export { equalizeRanges } from "./improve/equalize-ranges.ts";
export { explicitBiases } from "./improve/explicit-biases.ts";
export { correctionsBeside } from "./target/corrections.ts";
export {
  improvementNames,
  improvementsOverData,
  roundingImprovements,
  togetherInOrder,
  type Improvement,
} from "./improve/improvement.ts";
export { refit, type RefittedWeights } from "./improve/refit-weights.ts";
export { adaround, gptq, type RoundedWeights, type RoundWeightsOptions } from "./improve/round-weights.ts";
export type { RoundingErrors } from "./improve/rounding-problem.ts";
export { scaleForWeights, type ScaledForWeights, type ScaleForWeightsOptions } from "./improve/scale-for-weights.ts";
export { smoothActivations, type SmoothedActivations, type SmoothOptions } from "./improve/smooth-activations.ts";
export { lintPlan } from "./lint/lint-plan.ts";
export { lintTraining, type TrainingFacts } from "./lint/lint-training.ts";
export { adviceFor, worstLayers, type Advice } from "./analyze/advice.ts";
export type { Ablation, Analysis, AnalysisMeasure, LayerAnalysis, ValueAnalysis } from "./analyze/analysis.ts";
export type { AnalysisBatch, AnalysisStep, AnalyzeOptions } from "./analyze/analyze-options.ts";
export { analyzeModel } from "./analyze/analyze-model.ts";
export type { CodeGrid, CodeStatistics, HistogramCounts } from "./analyze/code-statistics.ts";
export { ErrorSums, type TensorError } from "./analyze/error-sums.ts";
export { compareModels, type CompareModelsOptions } from "./compare/compare-models.ts";
export { comparisonAdvice, worstCompared } from "./compare/compare-advice.ts";
export type {
  ComparedLayer,
  ComparedOutput,
  ComparedWeight,
  Comparison,
  MatchedBy,
  UnmatchedLayer,
} from "./compare/comparison.ts";
export { cutRanges, withCutRanges, type CutRangesOptions, type RangeCut } from "./target/cut-ranges.ts";
export { confirmPlan, type ConfirmedPlan } from "./target/confirm-plan.ts";
export {
  allOnIntegers,
  choicesIn,
  type FoundPlans,
  type LayerChoices,
  type PlanProblem,
} from "./target/plan-problem.ts";
export { searchPlan } from "./target/search-plan.ts";
export { dropOf, meetsTarget, noiseIn, pointsOf, type MetricOutcome, type SearchTarget } from "./target/target.ts";
export type { LayerChoice, SearchedLayer, TargetSearch, TriedPlan } from "./target/target-search.ts";
