import type { Tensor } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { QuantPlan } from "../plan/plan.ts";
import type { AnalysisMeasure } from "./analysis.ts";

/** Samples with which a model is analyzed, as many as it runs at once. */
export interface AnalysisBatch {
  readonly inputs: Feeds;
  /** What the model should have answered. */
  readonly target?: Tensor;
  /** How many leading samples count for the metric; the rest fills up a fixed batch. */
  readonly size: number;
}

/** What is analyzed, and how. */
export interface AnalyzeOptions {
  /** The plan of the quantized model. */
  readonly plan: QuantPlan;
  readonly data: AsyncIterable<AnalysisBatch> | Iterable<AnalysisBatch>;
  /** Makes what measures one batch against its targets; absent: only the error of the results counts. */
  readonly measure?: () => AnalysisMeasure;
  /** The name of that measure, by which a state is told from one with another. */
  readonly metric?: string;
  /** Whether each layer is quantized alone and left float in turn, which is most of the work. Default: true. */
  readonly ablation?: boolean;
  /** Where the outcomes of finished batches are kept, and taken from when the same analysis was interrupted. */
  readonly state?: string;
  readonly threads?: number;
  /** For messages. */
  readonly backend?: string;
  readonly signal?: AbortSignal;
  /** Called after each run of the model. */
  readonly progress?: (step: AnalysisStep) => void;
}

/** How far an analysis is. Batches are looked at several at a time; their runs are told as if one came after the other. */
export interface AnalysisStep {
  /** How many batches' worth of runs is done. */
  readonly batch: number;
  /** Runs done of the next one. */
  readonly done: number;
  /** Runs that the next one needs. */
  readonly total: number;
}
