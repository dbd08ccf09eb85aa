import type { Model } from "@lowbit/ir";
import { compareModels, type AnalysisBatch, type Comparison } from "@lowbit/quantize";
import { metrics, type Dataset, type MetricName } from "@lowbit/train";
import { metricWithoutTargets } from "../analysis/diagnostics.ts";
import { filled } from "../calibration-feeds.ts";

/** How two models are compared. */
export interface CompareOptions {
  /** For both models, by the names of the first one's inputs. */
  readonly data: Dataset;
  /** Measured of both against the targets of the data. Default: only errors. */
  readonly metric?: MetricName;
  /** At most this many. Default: 512. */
  readonly samples?: number;
  /** Samples per run, where the models leave it open. Default: 32, or fewer where layers are large. */
  readonly batch?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly progress?: (samples: number) => void;
}

/**
 * Compares two models that should compute the same on a data set: float and quantized, as exported and optimized, two
 * quantizations. Gives the error of the second against the first, of the results and of every layer that both have, and
 * names the layers that only one has.
 *
 * @throws CompileError `data/no-targets` when a metric is asked of data without targets, and what `compareModels` throws
 */
export async function compare(model: Model, other: Model, options: CompareOptions): Promise<Comparison> {
  const { data, metric, samples = 512, ...rest } = options;
  if (metric && !data.hasTargets) throw metricWithoutTargets(metric);
  return compareModels(model, other, {
    ...rest,
    data: (batch) => batchesOf(data, batch, samples),
    ...(metric ? { measure: metrics[metric] } : {}),
  });
}

/** Samples drawn from all over a data set, the last batch filled up by repeating some, since a model may insist on its size. */
async function* batchesOf(data: Dataset, batch: number, samples: number): AsyncGenerator<AnalysisBatch> {
  const size = data.size === null ? batch : Math.min(batch, data.size);
  for await (const drawn of data.batches({ batch, samples, shuffle: 0 })) {
    yield drawn.size < size ? { ...drawn, inputs: filled(drawn, size) } : drawn;
  }
}
