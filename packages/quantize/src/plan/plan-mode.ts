import { planOfOtherMode } from "../diagnostics.ts";
import type { QuantPlan } from "./plan.ts";
import { valueOf } from "./spec.ts";

/** What is quantized, and when the scales of activations are found. */
export const quantizationModes = ["static", "dynamic", "weight-only"] as const;

/** One of these modes. */
export type QuantizationMode = (typeof quantizationModes)[number];

/**
 * The modes that a plan is of, by what it says of activations: `static` where some have ranges that calibration finds or
 * numbers fix, `dynamic` where some are found while the model runs, both where it has either, `weight-only` where it
 * leaves all of them float. A plan of nothing is of every mode.
 */
export function modesOfPlan(plan: QuantPlan): readonly QuantizationMode[] {
  if (plan.specs.size === 0) return quantizationModes;
  const kinds = new Set<string>();
  for (const [point, { kind }] of plan.specs) if (!valueOf(point)?.initializer) kinds.add(kind);
  const found: readonly QuantizationMode[] = [
    ...(kinds.has("observed") || kinds.has("fixed") ? ["static" as const] : []),
    ...(kinds.has("dynamic") ? ["dynamic" as const] : []),
  ];
  return found.length === 0 ? ["weight-only"] : found;
}

/** Refuses a plan that is followed in another mode than it was made for. @throws CompileError `quantize/plan-mode` */
export function checkPlanMode(plan: QuantPlan, mode: QuantizationMode): void {
  const modes = modesOfPlan(plan);
  if (!modes.includes(mode)) throw planOfOtherMode(modes, mode);
}
