import type { NamedState } from "../engine/state.ts";

/** The epoch with the best validation so far, and the state it ended with. */
export interface BestEpoch {
  readonly epoch: number;
  readonly validation: number;
  readonly state: NamedState;
}

/** Whether a result beats the best one; a result that is no number never does. */
export function isBetter(validation: number, best: BestEpoch | null, better: "higher" | "lower"): boolean {
  if (Number.isNaN(validation)) return false;
  if (best === null) return true;
  return better === "higher" ? validation > best.validation : validation < best.validation;
}
