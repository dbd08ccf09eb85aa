/**
 * The part of the public API about errors: where they come from, how two models differ, and what a target allows.
 */
export {
  analyzeQuantization,
  type Analyzable,
  type AnalyzeQuantizationOptions,
} from "./analysis/analyze-quantization.ts";
export { compare, type CompareOptions } from "./comparison/compare.ts";
export {
  quantizeToTarget,
  type QuantizedToTarget,
  type TargetOptions,
  type TargetStep,
} from "./target/quantize-to-target.ts";
export {
  adviceFor,
  analyzeModel,
  compareModels,
  comparisonAdvice,
  searchPlan,
  worstCompared,
  worstLayers,
  type Ablation,
  type Advice,
  type Analysis,
  type AnalysisBatch,
  type AnalysisMeasure,
  type AnalysisStep,
  type AnalyzeOptions,
  type CodeGrid,
  type CodeStatistics,
  type ComparedLayer,
  type ComparedOutput,
  type ComparedWeight,
  type CompareModelsOptions,
  type Comparison,
  type FoundPlans,
  type HistogramCounts,
  type LayerAnalysis,
  type LayerChoice,
  type LayerChoices,
  type MatchedBy,
  type MetricOutcome,
  type PlanProblem,
  type SearchedLayer,
  type SearchTarget,
  type TargetSearch,
  type TensorError,
  type TriedPlan,
  type UnmatchedLayer,
  type ValueAnalysis,
} from "@lowbit/quantize";
