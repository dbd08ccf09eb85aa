import { integerRange, type Graph, type Node, type Value } from "@lowbit/ir";
import {
  createPlan,
  fixed,
  isUse,
  sharingGroups,
  type OwnSpec,
  type QuantDType,
  type QuantPlan,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { sharesParameters } from "./annotate.ts";
import type { CapabilityTable } from "./capabilities.ts";
import { findUnits, type Unit } from "./units.ts";

/** The nodes of a graph that have kernels for activations of 16 bits beside those of the table's own dtype. */
export function wideAnchors(graph: Graph, table: CapabilityTable): ReadonlySet<Node> {
  const { units } = findUnits(graph, table);
  return new Set(units.flatMap((unit) => (wideDType(unit, table) === null ? [] : [unit.anchor])));
}

/**
 * The plan with 16-bit activations at some nodes, where their kernels take them: what they read and give. Ops behind them
 * that only move codes follow. Between nodes of both kinds codes are converted: a reader gets parameters of its own.
 */
export function withWideActivations(plan: QuantPlan, table: CapabilityTable, anchors: ReadonlySet<Node>): QuantPlan {
  const dtypes = wideUnits(plan.graph, table, anchors);
  const dtypeAt = (point: QuantPoint): QuantDType | null =>
    dtypes.get(isUse(point) ? point.node : point.producer!) ?? null;
  const results = new Set([...dtypes.keys()].flatMap((node) => node.outputs));
  const specs = new Map<QuantPoint, QuantSpec>(plan.specs);
  for (const { members, spec } of sharingGroups(plan).groups) {
    const parts = new Map<QuantDType | null, QuantPoint[]>();
    for (const point of members) {
      const isData = isUse(point)
        ? isActivation(point.node.inputs[point.index]!)
        : point.producer && results.has(point);
      const dtype = isData ? dtypeAt(point) : null;
      parts.set(dtype, [...(parts.get(dtype) ?? []), point]);
    }
    if (parts.size === 1 && parts.has(null)) continue;
    for (const [dtype, points] of parts) {
      const [root, ...others] = points;
      specs.set(root!, dtype === null ? spec : widened(spec, dtype));
      for (const point of others) specs.set(point, { kind: "shared", with: root! });
    }
  }
  return createPlan(plan.graph, specs, plan.skipped);
}

/** The wide dtype of the units at the anchors, and of those that move their codes, by all their nodes. */
function wideUnits(graph: Graph, table: CapabilityTable, anchors: ReadonlySet<Node>): ReadonlyMap<Node, QuantDType> {
  const dtypes = new Map<Node, QuantDType>();
  for (const unit of findUnits(graph, table).units) {
    const wide = wideDType(unit, table);
    const follows =
      sharesParameters(unit) && unit.data.some(({ node, index }) => dtypes.has(node.inputs[index]!.producer!));
    if (wide !== null && (anchors.has(unit.anchor) || follows)) for (const node of unit.nodes) dtypes.set(node, wide);
  }
  return dtypes;
}

function wideDType({ capability }: Unit, { activation }: CapabilityTable): QuantDType | null {
  if (activation.dtype.endsWith("16")) return null;
  return capability.activations.find((dtype) => dtype.endsWith("16")) ?? null;
}

function isActivation(value: Value): boolean {
  return value.initializer === null;
}

function widened(spec: OwnSpec, dtype: QuantDType): OwnSpec {
  const [least, most] = integerRange(dtype);
  if (spec.kind === "fixed") {
    const codesBelow = spec.zeroPoint[0]! - integerRange(spec.dtype)[0];
    return fixed(dtype, spec.scale[0]! / 256, least + 256 * codesBelow);
  }
  if (spec.kind === "dynamic") return spec;
  return { ...spec, dtype, range: spec.symmetric && least < 0 ? [-most, most] : [least, most] };
}
