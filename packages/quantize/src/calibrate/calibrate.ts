import { invariant, type Diagnostic, type Model, type Value } from "@lowbit/ir";
import { degenerateRange, fewSamples, noCalibrationData, planOfOtherGraph, tooFewBins } from "../diagnostics.ts";
import { leastBins } from "../observers/histogram.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { valueOf, type ObserverName, type QuantPoint } from "../plan/spec.ts";
import { CalibrationCache } from "./calibration-cache.ts";
import type { CalibrateOptions, CalibrationRunOptions } from "./calibration-options.ts";
import type { FeedSource } from "./feed-stream.ts";
import { findNotFinite } from "./find-not-finite.ts";
import { observedGroups, type ObservedGroup } from "./observed-groups.ts";
import type { Range, Ranges } from "./ranges.ts";
import { samplesOf, withoutFirst } from "./samples.ts";
import { StatisticsSession } from "./statistics-session.ts";

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

/**
 * Runs a model over data and finds the range of every activation that the plan quantizes, in one pass and in memory that
 * does not grow with the data.
 *
 * @throws CompileError `quantize/no-calibration-data`, `quantize/not-finite`, `quantize/plan-graph`,
 *   `quantize/bins`, `quantize/calibration-cache`, and what the runtime throws for data that does not fit the model
 */
export async function calibrate(
  model: Model,
  plan: QuantPlan,
  data: FeedSource,
  { observer = "min-max", ...options }: CalibrateOptions = {},
): Promise<Calibration> {
  return (await calibrateAll(model, plan, data, [observer], options)).get(observer)!;
}

/**
 * The same for several observers at once, in the same pass over the data.
 *
 * @throws CompileError as `calibrate`
 */
export async function calibrateAll(
  model: Model,
  plan: QuantPlan,
  data: FeedSource,
  observers: readonly ObserverName[],
  options: CalibrationRunOptions = {},
): Promise<ReadonlyMap<ObserverName, Calibration>> {
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  const { bins = leastBins } = options;
  if (!Number.isSafeInteger(bins) || bins < leastBins) throw tooFewBins(bins, leastBins);
  const { groups, watches } = observedGroups(plan, observers, options);
  if (groups.length === 0) {
    const nothing: Calibration = { ranges: new Map(), batches: 0, samples: 0, diagnostics: [] };
    return new Map(observers.map((name) => [name, nothing]));
  }
  const cache = options.cache === undefined ? null : new CalibrationCache(options.cache, model, groups, options);
  let { batches, samples } = cache?.restore() ?? { batches: 0, samples: 0 };
  const { threads, onTrainingThread = false } = options;
  const runtime = threads === undefined ? {} : { threads };
  const watched = watches.map(({ value }) => value);
  const session = new StatisticsSession(model, watches, runtime, { onTrainingThread });
  let drawn = 0;
  try {
    for await (const whole of data) {
      const size = samplesOf(whole);
      const seen = Math.min(Math.max(samples - drawn, 0), size);
      drawn += size;
      if (seen === size) continue;
      const feeds = seen === 0 ? whole : withoutFirst(whole, seen);
      const batch = await session.run(feeds);
      const place = { batch: batches, samples, sampleName: data.sampleName };
      const bad = batch.isFinite() ? null : await findNotFinite(model, watched, feeds, place);
      if (bad) throw bad;
      for (const group of groups) batch.show(group);
      batches++;
      samples += samplesOf(feeds);
      cache?.keep({ batches, samples });
      options.progress?.(samples);
    }
  } finally {
    await session.release();
    cache?.write();
  }
  if (batches === 0) throw noCalibrationData();
  return new Map(observers.map((name) => [name, { batches, samples, ...chosen(groups, name, samples) }]));
}

/** The ranges that an observer chooses, and what is odd about them. */
function chosen(
  groups: readonly ObservedGroup[],
  name: ObserverName,
  samples: number,
): Pick<Calibration, "ranges" | "diagnostics"> {
  const ranges = new Map<QuantPoint, Range>();
  const diagnostics = samples < enoughSamples ? [fewSamples(samples)] : [];
  for (const { group, spec, statistics, data: constants } of groups) {
    const range = statistics.range(spec.observer ?? name, spec);
    invariant(range, "statistics saw no batch");
    const whole = constants.reduce(widened, range);
    if (whole.min.every((value, i) => value === whole.max[i])) {
      diagnostics.push(degenerateRange(valueOf(group.root)!.name, whole.min));
    }
    ranges.set(group.root, whole);
  }
  return { ranges, diagnostics };
}

/** The range with that of some data of the model in it. */
function widened(range: Range, value: Value): Range {
  const floats = value.initializer!.floats();
  const [low, high] = floats.reduce(([a, b], each) => [Math.min(a, each), Math.max(b, each)], [Infinity, -Infinity]);
  return { min: range.min.map((end) => Math.min(end, low)), max: range.max.map((end) => Math.max(end, high)) };
}
