import { findUnits, isModelData, type CapabilityTable, type Unit } from "@lowbit/backend-kit";
import type { Shape, Use } from "@lowbit/ir";
import type { QuantPlan } from "@lowbit/quantize";
import { placementProblem, total } from "./place-by-cost.ts";
import type { Prices } from "./unit-costs.ts";
import { unitsInUse } from "./units-in-use.ts";

/**
 * Microseconds of all units of a plan and of the conversions between them. Weights that are codes beside float
 * activations are read by the kernel in blocks, where it is a product of matrices, and dequantized in each run elsewhere.
 *
 * @param inputShapes that inputs have in use, by name, where the model leaves axes open
 */
export function planLatency(
  plan: QuantPlan,
  table: CapabilityTable,
  pricesFor: (units: readonly Unit[]) => Prices,
  inputShapes: Readonly<Record<string, Shape>> = {},
): number {
  const { units } = findUnits(plan.graph, table);
  const inUse = unitsInUse(plan.graph, units, inputShapes);
  const prices = pricesFor(inUse);
  const isPlanned = (use: Use): boolean => plan.specs.has(use) || plan.specs.has(use.node.inputs[use.index]!);
  const isCoded = (use: Use): boolean => isModelData(use.node.inputs[use.index]!) || isPlanned(use);
  const blocks = units.map(({ weight }) => weight !== null && hasBlocks(plan, weight.use));
  const isInteger = units.map(
    ({ data, weight }, i) =>
      data.length > 0 && data.every(isCoded) && !blocks[i] && (weight === null || isPlanned(weight.use)),
  );
  const integer = new Set(inUse.filter((_, i) => isInteger[i]));
  const reading = inUse.map((unit, i) => {
    if (isInteger[i] || unit.weight === null || !isPlanned(units[i]!.weight!.use)) return 0;
    const more = blocks[i] ? prices.moreWithBlocks(unit) : null;
    return more ?? prices.dequantize(unit.weight.use.node.inputs[unit.weight.use.index]!);
  });
  return reading.reduce((sum, each) => sum + each, total(placementProblem(inUse, prices), integer));
}

/** Whether a weight has a scale for each block of inputs, as kernels read it that multiply floats by codes. */
function hasBlocks(plan: QuantPlan, use: Use): boolean {
  const spec = plan.specs.get(use) ?? plan.specs.get(use.node.inputs[use.index]!);
  if (spec?.kind !== "observed" && spec?.kind !== "fixed") return false;
  return spec.granularity.kind === "block";
}
