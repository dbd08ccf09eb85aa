import { findUnits, isModelData, type CapabilityTable, type Unit } from "@lowbit/backend-kit";
import type { Use } from "@lowbit/ir";
import type { QuantPlan } from "@lowbit/quantize";
import { placementProblem, total } from "./place-by-cost.ts";
import type { Prices } from "./unit-costs.ts";

/**
 * Microseconds of all units of a plan and of the conversions between them. Weights that are codes beside float
 * activations are dequantized in each run.
 */
export function planLatency(
  plan: QuantPlan,
  table: CapabilityTable,
  pricesFor: (units: readonly Unit[]) => Prices,
): number {
  const { units } = findUnits(plan.graph, table);
  const prices = pricesFor(units);
  const isCoded = ({ node, index }: Use): boolean => {
    const value = node.inputs[index]!;
    return isModelData(value) || plan.specs.has(node.operands[index]!) || plan.specs.has(value);
  };
  const integer = new Set(units.filter(({ data }) => data.length > 0 && data.every(isCoded)));
  const isWeightOnly = (unit: Unit): boolean =>
    !integer.has(unit) && unit.weight !== null && isPlanned(unit.weight.use);
  const isPlanned = (use: Use): boolean => plan.specs.has(use) || plan.specs.has(use.node.inputs[use.index]!);
  const unpacking = units.reduce(
    (sum, unit) =>
      isWeightOnly(unit) ? sum + prices.dequantize(unit.weight!.use.node.inputs[unit.weight!.use.index]!) : sum,
    0,
  );
  return total(placementProblem(units, prices), integer) + unpacking;
}
