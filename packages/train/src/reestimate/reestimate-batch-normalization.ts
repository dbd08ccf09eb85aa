import { lowbitDomain, newModel, Tensor, type Graph, type Value } from "@lowbit/ir";
import { ThreadSession } from "@lowbit/runtime";
import { augmented, type Augmentation } from "../data/augment/augmentation.ts";
import type { Dataset } from "../data/dataset.ts";
import { sessionOptions } from "../engine/session-options.ts";
import { withState } from "../engine/state.ts";
import { batchStatistics } from "./batch-statistics.ts";
import { nothingToReestimate, tooFewToReestimate } from "./diagnostics.ts";
import { PooledStatistics } from "./pooled-statistics.ts";

/** Which data statistics are estimated on. */
export interface ReestimateOptions {
  readonly data: Dataset;
  /** At most so many batches, drawn from all over the data. Default: 50. */
  readonly batches?: number;
  /**
   * Random changes to the samples, those of the training: statistics that never saw them do not fit a model that did.
   * Default: none.
   */
  readonly augment?: readonly Augmentation[];
  /** Samples per batch; a last one that is smaller is left out. Default: 32, or all where there are fewer. */
  readonly batch?: number;
  /** Chooses the samples. Default: 0. */
  readonly seed?: number;
  /** Threads of ONNX Runtime. Default: one per core. */
  readonly threads?: number;
}

/**
 * A copy of a trained graph, float or prepared, in which the statistics of every BatchNormalization are those of the data
 * under the weights as they are now: means and variances over all samples of the batches, each batch normalized by its own
 * statistics on the way, as in training. Training leaves a moving average behind, which lags behind the weights, and all
 * the more where weights swing between two codes (Nagel et al. 2022).
 *
 * Observers stand still. Nothing else changes.
 *
 * @throws CompileError `train/reestimate` when there is no such normalization or not one whole batch, `train/fixed-batch`,
 *   and what the runtime throws for data that does not fit
 */
export async function reestimateBatchNormalization(graph: Graph, options: ReestimateOptions): Promise<Graph> {
  const { data, batches = 50, augment = [], seed = 0, threads } = options;
  requireNormalization(graph);
  const batch = options.batch ?? Math.min(32, data.size ?? 32);
  const { step, pairs } = batchStatistics(graph, batch);
  const runtime = threads === undefined ? {} : { threads };
  // A few batches only: memory that an arena keeps would not be there for what runs next.
  const session = await ThreadSession.create(newModel(step), { ...sessionOptions(step, runtime), memoryArena: false });
  const pooled = pairs.map(({ channels }) => new PooledStatistics(channels));
  let seen = 0;
  try {
    const drawn = data.batches({ batch, shuffle: seed, samples: batch * batches });
    for await (const { inputs, size } of augmented(drawn, augment, { seed, epoch: 0, first: 0 })) {
      if (size < batch) continue;
      const results = await session.run(inputs);
      pairs.forEach(({ batchMean, batchVariance }, i) =>
        pooled[i]!.add(results[batchMean]!.floats(), results[batchVariance]!.floats()),
      );
      seen++;
    }
  } finally {
    await session.release();
  }
  if (seen === 0) throw tooFewToReestimate(batch);
  const state = pairs.flatMap(({ mean, variance }, i) => [
    [mean, Tensor.of("float", pooled[i]!.mean())] as const,
    [variance, Tensor.of("float", pooled[i]!.variance())] as const,
  ]);
  return withState(graph, new Map(state));
}

/** Refuses graphs without statistics that could be estimated. @throws CompileError `train/reestimate` */
export function requireNormalization(graph: Graph): void {
  const isStatistics = (value: Value | null | undefined): boolean => Boolean(value?.initializer);
  const found = [...graph.nodes].some((node) => {
    if (node.is("ConvBatchNormalization", lowbitDomain)) return isStatistics(node.inputs[5]);
    return node.is("BatchNormalization") && node.int("training_mode", 0) === 0 && isStatistics(node.inputs[3]);
  });
  if (!found) throw nothingToReestimate();
}
