import { operandRole, schemaOf, type Node } from "@lowbit/ir";
import {
  createPlan,
  isUse,
  observed,
  valueOf,
  type Granularity,
  type ObservedSpec,
  type QuantPlan,
  type QuantPoint,
  type QuantSpec,
  type WeightCodes,
} from "@lowbit/quantize";

/** How the user wants weights quantized, where that differs from what the backend plans. */
export type WeightScheme = WeightCodes;

/** A plan with other specs for weights. Biases stay float where their weight has a scale per block. */
export function withWeightScheme(plan: QuantPlan, scheme: WeightScheme): QuantPlan {
  const specs = new Map<QuantPoint, QuantSpec>();
  for (const [point, spec] of plan.specs) {
    const isWeight = spec.kind === "observed" && (valueOf(point)?.initializer ?? null) !== null;
    specs.set(point, isWeight ? changed(point, spec, scheme) : spec);
  }
  for (const [point, spec] of specs) {
    if (spec.kind !== "derived") continue;
    const weight = specs.get(spec.from[1]);
    if (weight?.kind === "observed" && weight.granularity.kind === "block") specs.delete(point);
  }
  return createPlan(plan.graph, specs, plan.skipped);
}

function changed(point: QuantPoint, spec: ObservedSpec, { dtype, granularity }: WeightScheme): ObservedSpec {
  const scheme = { ...spec, granularity: granularityAt(point, spec.granularity, granularity) };
  if (dtype === undefined || dtype === spec.dtype) return scheme;
  // Symmetric codes leave out the lowest one, as the backends' own do: the range stays the same on both sides of 0.
  const [least, most] = observed(dtype).range;
  return { ...scheme, dtype, range: spec.symmetric ? [-most, most] : [least, most] };
}

function granularityAt(point: QuantPoint, now: Granularity, wanted: WeightScheme["granularity"]): Granularity {
  if (wanted === undefined) return now;
  if (wanted === "tensor") return { kind: "tensor" };
  const axis = now.kind === "channel" ? now.axis : channelAxis(point);
  if (axis === null) return now;
  if (wanted === "channel") return { kind: "channel", axis };
  const isMatrix = valueOf(point)?.shape?.length === 2;
  return isMatrix ? { kind: "block", axis: 1 - axis, size: wanted.block } : now;
}

/** The axis of output channels of the weight that a node reads at a point; null where no op tells it. */
function channelAxis(point: QuantPoint): number | null {
  const uses = isUse(point) ? [point] : [...point.uses];
  for (const { node, index } of uses) {
    const axis = axisFor(node, index);
    if (axis !== null) return axis;
  }
  return null;
}

function axisFor(node: Node, index: number): number | null {
  const schema = schemaOf(node.op, node.domain);
  const role = schema && operandRole(schema, index);
  if (role?.role !== "weight" || role.channelAxis === undefined) return null;
  return typeof role.channelAxis === "function" ? role.channelAxis(node) : role.channelAxis;
}
