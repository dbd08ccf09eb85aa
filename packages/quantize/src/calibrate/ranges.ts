import type { QuantPoint } from "../plan/spec.ts";

/** Smallest and largest value that codes should reach: one number each, or one per index of the spec's axis. */
export interface Range {
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/** The ranges of a plan's sharing groups, by the root of the group. Weights need none: their data says it. */
export type Ranges = ReadonlyMap<QuantPoint, Range>;
