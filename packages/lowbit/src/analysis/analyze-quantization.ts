import { analyzeModel, type Analysis, type AnalysisBatch, type AnalysisStep, type QuantPlan } from "@lowbit/quantize";
import type { Model } from "@lowbit/ir";
import { metrics, type Dataset, type InputSpec, type MetricName } from "@lowbit/train";
import { filled } from "../calibration-feeds.ts";
import { metricWithoutTargets } from "./diagnostics.ts";

/** A prepared model and its plan, as `quantizeModel` and `trainQuantized` return them. */
export interface Analyzable {
  readonly prepared: Model;
  readonly plan: QuantPlan;
}

/** How a quantization is analyzed. */
export interface AnalyzeQuantizationOptions {
  readonly data: Dataset;
  /** Measured against the targets of the data. Default: only the error of the results. */
  readonly metric?: MetricName;
  /** At most this many. Default: 512. */
  readonly samples?: number;
  /** Samples per run, where the model leaves it open. Default: 32. */
  readonly batch?: number;
  /** Whether each layer is quantized alone and left float in turn. Default: true. */
  readonly ablation?: boolean;
  /** A file in which an interrupted analysis is kept, and from which the same one goes on. */
  readonly state?: string;
  readonly threads?: number;
  readonly backend?: string;
  readonly signal?: AbortSignal;
  /** Called after each run of the model; `batches` is null where the data does not tell its size. */
  readonly progress?: (step: AnalysisStep & { readonly batches: number | null }) => void;
}

/**
 * Finds where the error of a quantized model comes from, layer by layer, on a data set: the same samples every time.
 *
 * @throws CompileError `data/no-targets` when a metric is asked of data without targets, and what `analyzeModel` throws
 */
export async function analyzeQuantization(
  { prepared, plan }: Analyzable,
  options: AnalyzeQuantizationOptions,
): Promise<Analysis> {
  const { data, metric, samples = 512, batch = 32, progress, ...rest } = options;
  if (metric && !data.hasTargets) throw metricWithoutTargets(metric);
  const size = fixedBatch(prepared.graph.inputs) ?? batch;
  const batches = data.size === null ? null : Math.ceil(Math.min(samples, data.size) / size);
  return analyzeModel(prepared, {
    ...rest,
    plan,
    data: analysisBatches(data, size, samples, fixedBatch(prepared.graph.inputs) !== null),
    ...(metric ? { metric, measure: metrics[metric] } : {}),
    ...(progress ? { progress: (step) => progress({ ...step, batches }) } : {}),
  });
}

/** Samples drawn from all over a data set, which is often sorted. */
async function* analysisBatches(
  data: Dataset,
  batch: number,
  samples: number,
  isFixed: boolean,
): AsyncGenerator<AnalysisBatch> {
  for await (const drawn of data.batches({ batch, samples, shuffle: 0 })) {
    yield isFixed && drawn.size < batch ? { ...drawn, inputs: filled(drawn, batch) } : drawn;
  }
}

/** The batch that a model insists on; null when it takes any. */
function fixedBatch(inputs: readonly InputSpec[]): number | null {
  const size = inputs.find(({ initializer }) => !initializer)?.shape?.[0];
  return typeof size === "number" ? size : null;
}
