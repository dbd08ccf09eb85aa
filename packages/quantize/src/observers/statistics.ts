import { invariant } from "@lowbit/ir";
import type { Range } from "../calibrate/ranges.ts";
import type { ObservedSpec, ObserverName } from "../plan/spec.ts";
import { entropyRange } from "./entropy-range.ts";
import { Extremes } from "./extremes.ts";
import { defaultBins, Histogram, type HistogramJson } from "./histogram.ts";
import { l2Range } from "./l2-range.ts";
import { MovingAverage, type MovingAverageJson } from "./moving-average.ts";
import { mseRange } from "./mse-range.ts";
import { percentileRange } from "./percentile-range.ts";
import type { RangeSearch } from "./range-search.ts";

/** Settings of observers. */
export interface ObserverSettings {
  /** Bins of the histograms, at least 16. Default: 2048. */
  readonly bins?: number;
  /** Share of the values that `percentile` keeps, in percent. Default: 99.999. */
  readonly percentile?: number;
  /** Weight of the newest batch in `moving-average`. Default: 0.01. */
  readonly averagingConstant?: number;
}

/** What statistics hold, for a file. */
export interface StatisticsJson {
  readonly extremes: Range | null;
  readonly average: MovingAverageJson | null;
  readonly histograms: readonly HistogramJson[];
}

/**
 * What some observers need to know about a stream of values, in memory that does not grow with it. Observers that work on
 * histograms share them.
 */
export class Statistics {
  readonly observers: readonly ObserverName[];
  /** Whether some observer sees all values, not only the extremes of batches. */
  readonly seesValues: boolean;
  readonly #settings: ObserverSettings;
  #extremes = new Extremes();
  #average: MovingAverage;
  /** One per channel, or none. */
  #histograms: readonly Histogram[];

  /** @param channels that count for themselves; 1: all values are one stream */
  constructor(observers: readonly ObserverName[], channels: number, settings: ObserverSettings = {}) {
    this.observers = observers;
    this.seesValues = observers.some((name) => name !== "min-max" && name !== "moving-average");
    this.#settings = settings;
    this.#average = new MovingAverage(settings.averagingConstant ?? 0.01);
    const bins = settings.bins ?? defaultBins;
    this.#histograms = this.seesValues ? Array.from({ length: channels }, () => new Histogram(bins)) : [];
  }

  /** Takes in the smallest and largest value of a batch, per channel; all are finite. */
  observe(min: ArrayLike<number>, max: ArrayLike<number>): void {
    this.#extremes.observe(min, max);
    this.#average.observe(min, max);
  }

  /** Takes in values of one channel that lie in [low, high]. */
  count(channel: number, values: Float32Array, low: number, high: number): void {
    this.#histograms[channel]!.addWithin(values, low, high);
  }

  /** Takes in what others of the same kind have seen; their batches count as later ones. */
  merge(other: Statistics): void {
    this.#extremes.merge(other.#extremes);
    this.#average.merge(other.#average);
    this.#histograms.forEach((histogram, channel) => histogram.merge(other.#histograms[channel]!));
  }

  /** The range that one of the observers chooses for codes of a spec; null before the first batch. */
  range(observer: ObserverName, spec: ObservedSpec): Range | null {
    invariant(this.observers.includes(observer), `${observer} has seen nothing`);
    if (observer === "min-max") return this.#extremes.range();
    if (observer === "moving-average") return this.#average.range();
    if (this.#histograms.some((histogram) => histogram.min > histogram.max)) return null;
    const search = this.#search(observer);
    const ends = this.#histograms.map((histogram) => search(histogram, spec));
    return { min: ends.map(([low]) => Math.fround(low)), max: ends.map(([, high]) => Math.fround(high)) };
  }

  #search(observer: Exclude<ObserverName, "min-max" | "moving-average">): RangeSearch {
    switch (observer) {
      case "histogram":
        return l2Range;
      case "mse":
        return mseRange;
      case "entropy":
        return entropyRange;
      case "percentile":
        return percentileRange(this.#settings.percentile ?? 99.999);
    }
  }

  /** All that was seen, for a file. */
  toJson(): StatisticsJson {
    return {
      extremes: this.#extremes.range(),
      average: this.#average.range() && this.#average.toJson(),
      histograms: this.#histograms.map((histogram) => histogram.toJson()),
    };
  }

  /** Goes on from a state of statistics that were made with the same arguments. */
  restore({ extremes, average, histograms }: StatisticsJson): void {
    this.#extremes = new Extremes();
    if (extremes) this.#extremes.observe(extremes.min, extremes.max);
    const { constant } = this.#average;
    this.#average = average ? MovingAverage.fromJson(constant, average) : new MovingAverage(constant);
    this.#histograms = histograms.map((histogram) => Histogram.fromJson(histogram));
  }
}
