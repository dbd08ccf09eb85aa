import type { Tensor } from "@lowbit/ir";
import { noProbability } from "./diagnostics.ts";

/** How far probabilities that were computed may be off. */
const tolerance = 1e-4;

/** A `Loss.checkTarget` for targets that are probabilities. NaN is left to what looks for where numbers end. */
export function checkProbabilities(loss: string): (target: Tensor) => void {
  return (target) => {
    const wrong = target.floats().find((value) => value < -tolerance || value > 1 + tolerance);
    if (wrong !== undefined) throw noProbability(wrong, loss);
  };
}
