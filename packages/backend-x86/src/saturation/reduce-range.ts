import { isModelData } from "@lowbit/backend-kit";
import type { Node, Value } from "@lowbit/ir";
import {
  createPlan,
  isUse,
  type ObservedSpec,
  type QuantPlan,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { productRows } from "./product-rows.ts";
import { safeReach } from "./safe-reach.ts";

/** Codes -64..64, whose pairs never leave 16 bits: 255·(64 + 64) = 32640. */
const sevenBits = 64;

/**
 * The plan with fewer codes for the weights of those products whose sums could saturate without VNNI; how many depends on
 * the weights of the product. Where weights are still to change they get 7 bits.
 */
export function reduceRange(plan: QuantPlan, weightsChange: boolean): QuantPlan {
  const specs = new Map<QuantPoint, QuantSpec>();
  for (const [point, spec] of plan.specs) specs.set(point, reduced(point, spec, weightsChange));
  return createPlan(plan.graph, specs, plan.skipped);
}

function reduced(point: QuantPoint, spec: QuantSpec, weightsChange: boolean): QuantSpec {
  if (spec.kind !== "observed" || spec.dtype !== "int8" || !isUse(point)) return spec;
  const value = point.node.inputs[point.index];
  if (!value || !isModelData(value)) return spec;
  const reach = weightsChange ? sevenBits : reachOf(point.node, value, spec);
  return { ...spec, range: [Math.max(spec.range[0], -reach), Math.min(spec.range[1], reach)] };
}

function reachOf(node: Node, weights: Value, spec: ObservedSpec): number {
  const tensor = weights.initializer!;
  const rows = productRows(node, tensor.dims);
  if (rows === "exact") return 127;
  return rows ? safeReach(tensor, rows, spec.granularity.kind === "channel") : sevenBits;
}
