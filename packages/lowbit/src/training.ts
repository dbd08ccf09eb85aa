import { cloneModel, type Diagnostic, type Graph, type Model } from "@lowbit/ir";
import { lowestOpset, type IntegerFormOptions } from "@lowbit/quantize";
import { inferenceMode, runPasses, trainingPipeline } from "@lowbit/rewrite";
import {
  fit,
  keepPruned,
  prune,
  reestimateBatchNormalization,
  requireNormalization,
  type FitEvent,
  type FitOptions,
  type Phase,
  type PruneOptions,
} from "@lowbit/train";
import { trainingStopped, weightsNotPruned } from "./diagnostics.ts";

/** How a model is trained; what is left out is as in `fit`. */
export interface TrainingOptions extends Omit<FitOptions, "phases" | "validate"> {
  /** BatchNormalization keeps its running statistics after this many epochs. Default: never. */
  readonly freezeBatchNormalization?: number;
  /**
   * After training, estimates the statistics of BatchNormalization anew on this many batches (see
   * `reestimateBatchNormalization`), augmented as for training. Default: they stay as training left them.
   */
  readonly reestimateBatchNormalization?: number;
  /** Sets weights to zero before training, and keeps them there. Default: none. */
  readonly prune?: PruneOptions;
  /** Measures the model as it would be saved after each epoch; the result goes into the epoch's event. */
  readonly validate?: (model: Model) => Promise<number>;
  /** Called with each event of the training, in order. */
  readonly onEvent?: (event: FitEvent) => void;
  /** Gets every finding as soon as it is made: what training could suffer from before training begins. */
  readonly report?: (finding: Diagnostic) => void;
}

/**
 * Trains a float model and returns the trained copy. BatchNormalization is kept; what was exported for training comes back
 * in the form that is used: running statistics, no Dropout.
 *
 * @throws CompileError `train/stopped` when the signal ended it, and what `fit` throws
 */
export async function trainModel(model: Model, options: TrainingOptions): Promise<Model> {
  const canonical = cloneModel(model);
  runPasses(canonical, trainingPipeline);
  const finish = (graph: Graph): Model => {
    const finished = cloneModel({ ...canonical, graph });
    runPasses(finished, [inferenceMode, lowestOpset]);
    return finished;
  };
  const pruned = withPruning(canonical.graph, options);
  for (const finding of pruned.diagnostics) options.report?.(finding);
  return finish(await fitToEnd(pruned.graph, pruned.options, phasesOf(options), finish));
}

/** A graph with the weights that options prune at zero, and the options with an optimizer that keeps them there. */
export function withPruning<O extends TrainingOptions>(
  graph: Graph,
  options: O,
): { readonly graph: Graph; readonly options: O; readonly diagnostics: readonly Diagnostic[] } {
  if (!options.prune) return { graph, options, diagnostics: [] };
  const pruned = prune(graph, options.prune);
  const optimizer = keepPruned(options.optimizer, pruned.masks);
  return { graph: pruned.graph, options: { ...options, optimizer }, diagnostics: weightsNotPruned(pruned.skipped) };
}

/** From which epochs on something no longer moves. */
export interface FreezeOptions {
  readonly freezeBatchNormalization?: number;
  /** Epochs after which `freezeObservers` is applied. */
  readonly freezeObservers?: { readonly after: number; readonly change: (graph: Graph) => void };
  /** Epochs after which the forward runs on integers: normalizations are frozen then too; observers must be by then. */
  readonly integerForward?: { readonly after: number; readonly form: IntegerFormOptions };
}

/** The phases of a training in which things freeze after some epochs, in order; none if nothing freezes. */
export function phasesOf({ freezeObservers, integerForward, ...options }: FreezeOptions): readonly Phase[] {
  const observersAt = freezeObservers?.after ?? Infinity;
  const integersAt = integerForward?.after ?? Infinity;
  const normalizationAt = Math.min(options.freezeBatchNormalization ?? Infinity, integersAt);
  const epochs = [normalizationAt, observersAt, integersAt].filter((epoch) => epoch !== Infinity);
  return [...new Set(epochs)]
    .toSorted((a, b) => a - b)
    .map((fromEpoch): Phase => {
      const isFrozen = fromEpoch >= normalizationAt;
      const words = [
        ...(isFrozen ? ["batch normalization frozen"] : []),
        ...(fromEpoch >= observersAt ? ["observers frozen"] : []),
        ...(fromEpoch >= integersAt ? ["integer forward"] : []),
      ];
      return {
        name: words.join(", "),
        fromEpoch,
        batchNormalization: isFrozen ? "frozen" : "train",
        ...(fromEpoch === observersAt ? { change: freezeObservers!.change } : {}),
        ...(integerForward && fromEpoch >= integersAt ? { integerForward: integerForward.form } : {}),
      };
    });
}

/**
 * Runs `fit` to its end, and what comes behind it; returns the trained graph.
 *
 * @throws CompileError `train/stopped`, `train/reestimate`
 */
export async function fitToEnd(
  graph: Graph,
  options: TrainingOptions,
  phases: readonly Phase[],
  finish: (graph: Graph) => Model,
): Promise<Graph> {
  const { validate, onEvent, freezeBatchNormalization: _, prune: _pruned, report: _report, ...rest } = options;
  const { reestimateBatchNormalization: batches, ...settings } = rest;
  if (batches !== undefined) requireNormalization(graph);
  const events = fit(graph, {
    ...settings,
    phases,
    ...(validate ? { validate: (current: Graph) => validate(finish(current)) } : {}),
  });
  for await (const event of events) {
    onEvent?.(event);
    if (event.kind === "done") return batches === undefined ? event.graph : reestimated(event.graph, batches, options);
    if (event.kind === "stopped") throw trainingStopped(event.step, options.checkpoint?.folder ?? null);
  }
  return graph;
}

function reestimated(graph: Graph, batches: number, options: TrainingOptions): Promise<Graph> {
  const { data, augment, batch, seed, threads } = options;
  return reestimateBatchNormalization(graph, {
    data,
    batches,
    ...(augment === undefined ? {} : { augment }),
    ...(batch === undefined ? {} : { batch }),
    ...(seed === undefined ? {} : { seed }),
    ...(threads === undefined ? {} : { threads }),
  });
}
