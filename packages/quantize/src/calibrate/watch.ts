import type { Value } from "@lowbit/ir";

/** A value to watch while a model runs: its extremes, one pair per index of `channelAxis` if there is one. */
export interface Watch {
  readonly value: Value;
  readonly channelAxis: number | null;
  /** How many of its elements per sample to look at besides, evenly spaced; 0: none, infinite: all. */
  readonly valuesPerSample: number;
}
