import { invariant, type Diagnostic, type Model, type Tensor, type Value } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { degenerateRange, fewSamples, noCalibrationData, notFinite, planOfOtherGraph } from "../diagnostics.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sourcesOf } from "../plan/sources.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { valueOf, type ObservedSpec, type ObserverName, type QuantPoint } from "../plan/spec.ts";
import { createObserver, type Observer, type ObserverSettings } from "../observers/observer.ts";
import type { Range, Ranges } from "./ranges.ts";
import { statisticsGraph, type StatisticsGraph, type Watch, type WatchOutputs } from "./statistics-graph.ts";

/** How ranges are found. */
export interface CalibrateOptions extends ObserverSettings {
  /** For points whose spec names none. Default: `min-max`. */
  readonly observer?: ObserverName;
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
  /** Called after each batch with the number of samples so far. */
  readonly progress?: (samples: number) => void;
}

/** What calibration found. */
export interface Calibration {
  readonly ranges: Ranges;
  readonly batches: number;
  /** Sum of the first dimensions of the batches. */
  readonly samples: number;
  /** Warnings about the data and what it did not show. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Samples below which ranges are unreliable. */
const enoughSamples = 32;

/** A group to find the range of, with the watched values that it is made of. */
interface Observed {
  readonly group: SharingGroup;
  readonly spec: ObservedSpec;
  readonly observer: Observer;
  readonly data: readonly Value[];
  /** Indices into the watches. */
  readonly watches: readonly number[];
}

/**
 * Runs a model over data and finds the range of every activation that the plan quantizes, in one pass and in memory that
 * does not grow with the data.
 *
 * @throws CompileError `quantize/no-calibration-data`, `quantize/not-finite`, `quantize/plan-graph`, and what the runtime
 *   throws for data that does not fit the model
 */
export async function calibrate(
  model: Model,
  plan: QuantPlan,
  data: AsyncIterable<Feeds> | Iterable<Feeds>,
  options: CalibrateOptions = {},
): Promise<Calibration> {
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  const watches: Watch[] = [];
  const observed = observedGroups(plan, options, watches);
  if (observed.length === 0) return { ranges: new Map(), batches: 0, samples: 0, diagnostics: [] };
  const statistics = statisticsGraph(model.graph, watches);
  const session = await Session.create(
    { ...model, graph: statistics.graph },
    options.threads === undefined ? {} : { threads: options.threads },
  );
  let [batches, samples] = [0, 0];
  try {
    for await (const feeds of data) {
      const results = statistics.graph.outputs.length > 0 ? await session.run(feeds) : {};
      const batch = new Batch(batches, statistics, watches, feeds, results);
      for (const each of observed) observeBatch(each, batch, watches);
      batches++;
      samples += samplesOf(feeds);
      options.progress?.(samples);
    }
  } finally {
    await session.release();
  }
  if (batches === 0) throw noCalibrationData();
  const ranges = new Map<QuantPoint, Range>();
  const diagnostics = samples < enoughSamples ? [fewSamples(samples)] : [];
  for (const { group, observer, data: constants } of observed) {
    const range = observer.range();
    invariant(range, "an observer saw no batch");
    const whole = constants.reduce(widened, range);
    if (whole.min.every((value, i) => value === whole.max[i])) {
      diagnostics.push(degenerateRange(valueOf(group.root)!.name, whole.min));
    }
    ranges.set(group.root, whole);
  }
  return { ranges, batches, samples, diagnostics };
}

function observedGroups(plan: QuantPlan, options: CalibrateOptions, watches: Watch[]): readonly Observed[] {
  const groups = sharingGroups(plan);
  return groups.groups.flatMap((group) => {
    const { spec } = group;
    const { activations, data } = sourcesOf(group, groups);
    if (spec.kind !== "observed" || activations.length === 0) return [];
    const channelAxis = spec.granularity.kind === "channel" ? spec.granularity.axis : null;
    const channels = channelAxis === null ? 1 : activations[0]!.shape?.[channelAxis];
    invariant(typeof channels === "number", `the number of channels of ${activations[0]!.name} is unknown`);
    const observer = createObserver(spec.observer ?? options.observer ?? "min-max", spec, channels, options);
    const indices = activations.map((value) => watch(watches, { value, sees: observer.sees, channelAxis }));
    return [{ group, spec, observer, data, watches: indices }];
  });
}

/** The index of a watch, added unless it is there already. */
function watch(watches: Watch[], wanted: Watch): number {
  const found = watches.findIndex(
    (each) => each.value === wanted.value && each.sees === wanted.sees && each.channelAxis === wanted.channelAxis,
  );
  return found >= 0 ? found : watches.push(wanted) - 1;
}

/** What one batch showed of the watched values. */
class Batch {
  readonly #index: number;
  readonly #outputs: readonly WatchOutputs[];
  readonly #watches: readonly Watch[];
  readonly #feeds: Feeds;
  readonly #results: Readonly<Record<string, Tensor>>;

  constructor(
    index: number,
    statistics: StatisticsGraph,
    watches: readonly Watch[],
    feeds: Feeds,
    results: Readonly<Record<string, Tensor>>,
  ) {
    this.#index = index;
    this.#outputs = statistics.outputs;
    this.#watches = watches;
    this.#feeds = feeds;
    this.#results = results;
  }

  /** @throws CompileError `quantize/not-finite` */
  extremes(watchIndex: number): { readonly min: Float32Array; readonly max: Float32Array } {
    const { min, max, sum } = this.#outputs[watchIndex]!;
    const [low, high, total] = [min, max, sum].map((name) => this.#results[name!]!.floats());
    const isFinite = low!.every(Number.isFinite) && high!.every(Number.isFinite) && !Number.isNaN(total![0]);
    if (!isFinite) this.refuse(watchIndex);
    return { min: low!, max: high! };
  }

  values(watchIndex: number): Tensor {
    const { values } = this.#outputs[watchIndex]!;
    const tensor = values === null ? this.#feeds[this.#watches[watchIndex]!.value.name] : this.#results[values];
    invariant(tensor, "a watched value was not computed");
    return tensor;
  }

  /** @throws CompileError `quantize/not-finite` */
  refuse(watchIndex: number): never {
    throw notFinite(this.#watches[watchIndex]!.value.name, this.#index);
  }
}

function observeBatch({ observer, watches: indices }: Observed, batch: Batch, watches: readonly Watch[]): void {
  if (observer.sees === "extremes") {
    const seen = indices.map((index) => batch.extremes(index));
    const [first, ...others] = seen;
    const min = others.reduce((all, each) => all.map((value, i) => Math.min(value, each.min[i]!)), first!.min);
    const max = others.reduce((all, each) => all.map((value, i) => Math.max(value, each.max[i]!)), first!.max);
    return observer.observe(min, max);
  }
  for (const index of indices) {
    for (const [channel, values] of byChannel(batch.values(index), watches[index]!.channelAxis)) {
      const histogram = observer.histograms[channel % observer.histograms.length]!;
      if (!histogram.add(values)) batch.refuse(index);
    }
  }
}

/** The elements of a tensor in runs that belong to one channel; channels repeat for each index of the axes before. */
function* byChannel(tensor: Tensor, axis: number | null): Iterable<readonly [number, Float32Array]> {
  const floats = tensor.floats();
  const length = axis === null ? floats.length : tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  for (let start = 0, run = 0; start < floats.length; start += length, run++) {
    yield [run, floats.subarray(start, start + length)];
  }
}

function samplesOf(feeds: Feeds): number {
  return Object.values(feeds)[0]?.dims[0] ?? 1;
}

/** The range with that of some data of the model in it. */
function widened(range: Range, value: Value): Range {
  const floats = value.initializer!.floats();
  const [low, high] = floats.reduce(([a, b], each) => [Math.min(a, each), Math.max(b, each)], [Infinity, -Infinity]);
  return { min: range.min.map((end) => Math.min(end, low)), max: range.max.map((end) => Math.max(end, high)) };
}
