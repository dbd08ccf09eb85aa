/** What has to be reached. */
export type SearchTarget =
  /** At most so many points of a metric may be lost; of mse, so much may be added. */
  | { readonly kind: "drop"; readonly metric: string; readonly most: number }
  /** The results keep at least this SQNR against those of the float model, in dB. */
  | { readonly kind: "sqnr"; readonly least: number };

/** What a plan reaches. */
export interface MetricOutcome {
  /** Its metric; null where an SQNR is the target. */
  readonly metric: number | null;
  /** Points of the metric that it loses against the float model, or what it adds to an error; null for an SQNR. */
  readonly drop: number | null;
  /** Standard error of the drop over the samples, in its unit; null for an SQNR. */
  readonly error: number | null;
  /**
   * Points that the changed answers of a classifier can be expected to cost, by the probabilities of the float model; null
   * where they do not tell.
   */
  readonly expected: number | null;
  /** Standard error of the expected drop over the samples; null where there is none. */
  readonly expectedError: number | null;
  /** Of its results, in dB; null where they are equal to those of the float model, or were not compared with them. */
  readonly sqnr: number | null;
}

/** Standard errors that a drop, or the expected one, must be away from the target. */
const enoughErrors = 2;

/**
 * Whether an outcome is within a target. A search that tries many plans finds one that loses little by luck, so a drop needs
 * a second witness: either two standard errors more would be within the target too, or so would be the expected drop with
 * two of its own, which are smaller.
 */
export function meetsTarget(target: SearchTarget, outcome: MetricOutcome): boolean {
  return shortfall(target, outcome) <= 0;
}

/** How far an outcome is from a target, in its unit; at most 0 within it. */
export function shortfall(target: SearchTarget, outcome: MetricOutcome): number {
  const { drop, error, expected, expectedError, sqnr } = outcome;
  if (target.kind === "sqnr") return sqnr === null ? -Infinity : target.least - sqnr;
  if (drop === null) return Infinity;
  const likely = expected === null ? Infinity : expected + enoughErrors * (expectedError ?? 0);
  const witness = Math.min(drop + enoughErrors * (error ?? 0), likely);
  // Shares of samples are sums of binary fractions: a drop of exactly the target is within it.
  return Math.max(drop, witness) - target.most - 1e-9;
}

/**
 * How much noise an outcome tells of: that of the results by their power where it is known, since it scatters least over the
 * samples, otherwise what is expected to be lost, or is.
 */
export function noiseIn({ drop, expected, sqnr }: MetricOutcome): number {
  return sqnr === null ? (expected ?? drop ?? 0) : 10 ** (-sqnr / 10);
}

/** Points that a metric loses against the float model: shares in percent, errors as they are. */
export function dropOf(metric: string, float: number, value: number): number {
  return metric === "mse" ? value - float : pointsOf(metric, float - value);
}

/** A distance between two values of a metric in its points. */
export function pointsOf(metric: string, distance: number): number {
  return metric === "mse" ? distance : 100 * distance;
}
