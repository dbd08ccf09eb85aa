import type { Range } from "../calibrate/ranges.ts";
import type { ObservedSpec, ObserverName } from "../plan/spec.ts";
import { entropyRange } from "./entropy-range.ts";
import { defaultBins, Histogram } from "./histogram.ts";
import { l2Range } from "./l2-range.ts";
import { mseRange } from "./mse-range.ts";
import { percentileRange } from "./percentile-range.ts";
import type { RangeSearch } from "./range-search.ts";

/** Sees the smallest and largest value of each batch, per channel where there are several. */
export interface ExtremesObserver {
  readonly sees: "extremes";
  observe(min: Float32Array, max: Float32Array): void;
  /** Takes in what another observer of the same kind has seen; its batches count as later ones. */
  merge(other: ExtremesObserver): void;
  /** Null before the first batch. */
  range(): Range | null;
}

/** Sees all values, in constant memory. */
export interface HistogramObserver {
  readonly sees: "values";
  /** One histogram per channel, or a single one. */
  readonly histograms: readonly Histogram[];
  range(): Range | null;
}

/** How ranges are found; streaming, in memory that does not grow with the data. */
export type Observer = ExtremesObserver | HistogramObserver;

/** Settings of observers. */
export interface ObserverSettings {
  /** Bins of the histograms. Default: 2048. */
  readonly bins?: number;
  /** Share of the values that `percentile` keeps, in percent. Default: 99.999. */
  readonly percentile?: number;
  /** Weight of the newest batch in `moving-average`. Default: 0.01. */
  readonly averagingConstant?: number;
}

/** An observer by name, for values with this many channels that count for themselves (1: none). */
export function createObserver(
  name: ObserverName,
  spec: ObservedSpec,
  channels: number,
  settings: ObserverSettings = {},
): Observer {
  switch (name) {
    case "min-max":
      return new Extremes((old, now, better) => better(old, now));
    case "moving-average": {
      const rate = settings.averagingConstant ?? 0.01;
      return new Extremes((old, now) => old + rate * (now - old));
    }
    case "histogram":
      return new Values(l2Range, spec, channels, settings);
    case "mse":
      return new Values(mseRange, spec, channels, settings);
    case "entropy":
      return new Values(entropyRange, spec, channels, settings);
    case "percentile":
      return new Values(percentileRange(settings.percentile ?? 99.999), spec, channels, settings);
  }
}

/** What becomes of one end of a range when a batch with another one comes. */
type Step = (old: number, now: number, better: (a: number, b: number) => number) => number;

class Extremes implements ExtremesObserver {
  readonly sees = "extremes";
  readonly #step: Step;
  #min: Float32Array | null = null;
  #max: Float32Array | null = null;

  constructor(step: Step) {
    this.#step = step;
  }

  observe(min: Float32Array, max: Float32Array): void {
    this.#min = this.#min ? this.#min.map((old, i) => this.#step(old, min[i]!, Math.min)) : min.slice();
    this.#max = this.#max ? this.#max.map((old, i) => this.#step(old, max[i]!, Math.max)) : max.slice();
  }

  merge(other: ExtremesObserver): void {
    const range = other.range();
    if (range) this.observe(Float32Array.from(range.min), Float32Array.from(range.max));
  }

  range(): Range | null {
    return this.#min && this.#max ? { min: [...this.#min], max: [...this.#max] } : null;
  }
}

class Values implements HistogramObserver {
  readonly sees = "values";
  readonly histograms: readonly Histogram[];
  readonly #search: RangeSearch;
  readonly #spec: ObservedSpec;

  constructor(search: RangeSearch, spec: ObservedSpec, channels: number, settings: ObserverSettings) {
    this.#search = search;
    this.#spec = spec;
    this.histograms = Array.from({ length: channels }, () => new Histogram(settings.bins ?? defaultBins));
  }

  range(): Range | null {
    if (this.histograms.some((histogram) => histogram.min > histogram.max)) return null;
    const ends = this.histograms.map((histogram) => this.#search(histogram, this.#spec));
    return { min: ends.map(([low]) => Math.fround(low)), max: ends.map(([, high]) => Math.fround(high)) };
  }
}
