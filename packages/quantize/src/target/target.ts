import type { SearchTarget } from "./target-search.ts";

/** What a plan reaches. */
export interface MetricOutcome {
  /** Its metric; null where an SQNR is the target. */
  readonly metric: number | null;
  /** Points of the metric that it loses against the float model, or what it adds to an error; null for an SQNR. */
  readonly drop: number | null;
  /** Of its results, in dB; null where a metric is the target, and where they are equal to those of the float model. */
  readonly sqnr: number | null;
}

/** Whether an outcome is within a target. */
export function meetsTarget(target: SearchTarget, { drop, sqnr }: MetricOutcome): boolean {
  // Shares of samples are sums of binary fractions: a drop of exactly the target is within it.
  if (target.kind === "drop") return drop !== null && drop <= target.most + 1e-9;
  return sqnr === null || sqnr >= target.least;
}

/** How far an outcome is from a target, in its unit; at most 0 within it. */
export function shortfall(target: SearchTarget, { drop, sqnr }: MetricOutcome): number {
  if (target.kind === "drop") return (drop ?? Infinity) - target.most;
  return sqnr === null ? -Infinity : target.least - sqnr;
}

/** Points that a metric loses against the float model: shares in percent, errors as they are. */
export function dropOf(metric: string, float: number, value: number): number {
  return metric === "mse" ? value - float : 100 * (float - value);
}
