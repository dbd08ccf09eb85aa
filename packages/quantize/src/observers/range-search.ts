import type { ObservedSpec } from "../plan/spec.ts";
import type { Histogram } from "./histogram.ts";

/** Two ends of a range. */
export type Ends = readonly [low: number, high: number];

/** Chooses the range of codes for the values that a histogram has seen; the result may be narrower than they are. */
export type RangeSearch = (histogram: Histogram, spec: ObservedSpec) => Ends;

/** Candidates per end of a range. */
const steps = 128;

/** Rounds in which the two ends are improved in turn. */
const rounds = 4;

/**
 * The range with the least error, found by shrinking the seen range: both ends together when the spec is symmetric,
 * otherwise in turn. A range that holds 0 always starts or ends there.
 */
export function leastError(
  histogram: Histogram,
  spec: ObservedSpec,
  error: (low: number, high: number) => number,
): Ends {
  const [min, max] = [Math.min(histogram.min, 0), Math.max(histogram.max, 0)];
  if (spec.symmetric) {
    const reach = Math.max(-min, max);
    const best = leastStep((share) => error(-share * reach, share * reach));
    return [-best * reach, best * reach];
  }
  let [low, high] = [min, max];
  for (let round = 0; round < rounds; round++) {
    const before = [low, high];
    if (max > 0) high = max * leastStep((share) => error(low, share * max));
    if (min < 0) low = min * leastStep((share) => error(share * min, high));
    if (low === before[0] && high === before[1]) break;
  }
  return [low, high];
}

/** The share in (0, 1] with the least error; of equal ones the largest. */
function leastStep(error: (share: number) => number): number {
  let [best, least] = [1, error(1)];
  for (let step = steps - 1; step > 0; step--) {
    const found = error(step / steps);
    if (found < least) [best, least] = [step / steps, found];
  }
  return best;
}
