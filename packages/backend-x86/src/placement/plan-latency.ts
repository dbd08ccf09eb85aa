import { findUnits, isModelData, type CapabilityTable, type Unit } from "@lowbit/backend-kit";
import type { Shape, Use } from "@lowbit/ir";
import type { QuantPlan } from "@lowbit/quantize";
import { placementProblem, total } from "./place-by-cost.ts";
import type { Prices } from "./unit-costs.ts";
import { unitsInUse } from "./units-in-use.ts";

/**
 * Microseconds of all units of a plan and of the conversions between them. Weights that are codes beside float
 * activations are dequantized in each run.
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
  const isInteger = units.map(({ data }) => data.length > 0 && data.every(isCoded));
  const integer = new Set(inUse.filter((_, i) => isInteger[i]));
  const unpacking = inUse.map(({ weight }, i) => {
    const isWeightOnly = weight !== null && !isInteger[i] && isPlanned(units[i]!.weight!.use);
    return isWeightOnly ? prices.dequantize(weight.use.node.inputs[weight.use.index]!) : 0;
  });
  return unpacking.reduce((sum, each) => sum + each, total(placementProblem(inUse, prices), integer));
}
