import { invariant, type Tensor, type Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { MagnitudeBounds } from "./magnitude-bounds.ts";
import type { ObservedGroup } from "./observed-groups.ts";
import type { Watch } from "./watch.ts";
import type { StatisticsGraph } from "./statistics-graph.ts";

/** Smallest and largest element of a value, per channel. */
interface Ends {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/** What one batch showed of the watched values. */
export class WatchedBatch {
  readonly #graph: StatisticsGraph;
  readonly #watches: readonly Watch[];
  readonly #feeds: Feeds;
  readonly #results: Feeds;
  readonly #ends: readonly Ends[];

  constructor(graph: StatisticsGraph, watches: readonly Watch[], feeds: Feeds, results: Feeds) {
    this.#graph = graph;
    this.#watches = watches;
    this.#feeds = feeds;
    this.#results = results;
    const ends = results[graph.ends]!.floats();
    this.#ends = graph.outputs.map(({ largest, negated, pairs, channelAxis }) => {
      const negatedEnds = ends.subarray(negated, negated + pairs);
      const whole = { min: negatedEnds.map((each) => 0 - each), max: ends.subarray(largest, largest + pairs) };
      return channelAxis === null && pairs > 1 ? united(whole) : whole;
    });
  }

  /** Whether what is known of the watched values is finite: all elements, once nothing is unproven. */
  isFinite(): boolean {
    const { check, ends } = this.#graph;
    const [sum] = check === null ? [0] : this.#results[check]!.floats();
    return !Number.isNaN(sum) && this.#results[ends]!.floats().every(Number.isFinite);
  }

  /** The values of which a part was looked at that does not tell the smallest element of the whole. */
  unsure(): readonly Value[] {
    return this.#watches.flatMap(({ value }, i) => {
      const isKnown = !this.#graph.outputs[i]!.isPart || this.#ends[i]!.min.every((low) => low === 0);
      return isKnown ? [] : [value];
    });
  }

  /** The values that were not summed and that no bound proves to be finite. */
  unproven(bounds: MagnitudeBounds): readonly Value[] {
    const largest = (ends: Float32Array): number => ends.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    const known = this.#ends.map(({ min, max }, i) => {
      return [this.#watches[i]!.value, Math.max(largest(min), largest(max))] as const;
    });
    const proven = bounds.proven(new Map(known));
    return this.#watches.flatMap(({ value }, i) => {
      return this.#graph.outputs[i]!.isSummed || proven.has(value) ? [] : [value];
    });
  }

  /** Shows the batch to the statistics of a group. */
  show({ statistics, watches }: ObservedGroup): void {
    const [first, ...others] = watches.map((index) => this.#ends[index]!);
    const min = others.reduce((all, each) => all.map((value, i) => Math.min(value, each.min[i]!)), first!.min);
    const max = others.reduce((all, each) => all.map((value, i) => Math.max(value, each.max[i]!)), first!.max);
    statistics.observe(min, max);
    if (!statistics.seesValues) return;
    for (const index of watches) {
      const ends = this.#ends[index]!;
      for (const [channel, values] of byChannel(this.#values(index), this.#graph.outputs[index]!.channelAxis)) {
        statistics.count(channel, values, ends.min[channel]!, ends.max[channel]!);
      }
    }
  }

  #values(index: number): Tensor {
    const { values } = this.#graph.outputs[index]!;
    const tensor = values === null ? this.#feeds[this.#watches[index]!.value.name] : this.#results[values];
    invariant(tensor, "a watched value was not computed");
    return tensor;
  }
}

/** The ends of all channels together. */
function united({ min, max }: Ends): Ends {
  return {
    min: Float32Array.of(min.reduce((a, b) => Math.min(a, b))),
    max: Float32Array.of(max.reduce((a, b) => Math.max(a, b))),
  };
}

/** The elements of a tensor in runs that belong to one channel. */
function* byChannel(tensor: Tensor, axis: number | null): Iterable<readonly [number, Float32Array]> {
  const floats = tensor.floats();
  if (axis === null) return yield [0, floats];
  const length = tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channels = tensor.dims[axis]!;
  for (let start = 0, run = 0; start < floats.length; start += length, run++) {
    yield [run % channels, floats.subarray(start, start + length)];
  }
}
