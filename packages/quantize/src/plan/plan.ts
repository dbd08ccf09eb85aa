import { invariant, type Graph, type Node } from "@lowbit/ir";
import { badPlan } from "../diagnostics.ts";
import { PointNames } from "./point-names.ts";
import { isUse, specText, type QuantPoint, type QuantSpec } from "./spec.ts";

/** A node that stays float, and why. */
export interface Skipped {
  readonly node: Node;
  readonly reason: string;
}

/**
 * What to quantize, and how: a value that can be printed, compared, merged, edited, and saved as JSON. It refers to the
 * values and operand slots of one graph, so that graph must not change before `prepare`.
 *
 * A spec on a value means that all its readers see its codes; a spec on an operand slot is for that reader alone.
 */
export interface QuantPlan {
  readonly graph: Graph;
  /** In graph order. */
  readonly specs: ReadonlyMap<QuantPoint, QuantSpec>;
  readonly skipped: readonly Skipped[];
}

/**
 * A plan with its points in graph order.
 *
 * @throws CompileError `quantize/plan` when a spec refers to a point without a spec, or sharing goes in circles
 */
export function createPlan(
  graph: Graph,
  specs: ReadonlyMap<QuantPoint, QuantSpec>,
  skipped: readonly Skipped[] = [],
): QuantPlan {
  const names = new PointNames(graph);
  for (const [point, spec] of specs) {
    invariant(
      (isUse(point) ? point.node.graph : point.graph) === graph,
      `plan: ${names.of(point)} is of another graph`,
    );
    checkReferences(point, spec, specs, names);
  }
  return { graph, specs: inGraphOrder(graph, specs), skipped };
}

function checkReferences(
  point: QuantPoint,
  spec: QuantSpec,
  specs: ReadonlyMap<QuantPoint, QuantSpec>,
  names: PointNames,
): void {
  const referred = spec.kind === "shared" ? [spec.with] : spec.kind === "derived" ? spec.from : [];
  for (const other of referred) {
    if (specs.has(other)) continue;
    const name = names.of(point);
    throw badPlan(`"${name}" refers to "${names.of(other)}", which has no spec`, name);
  }
  const seen = new Set<QuantPoint>([point]);
  for (let next: QuantSpec | undefined = spec; next?.kind === "shared"; next = specs.get(next.with)) {
    if (seen.has(next.with)) throw badPlan(`"${names.of(point)}" shares its parameters with itself`, names.of(point));
    seen.add(next.with);
  }
}

function inGraphOrder(graph: Graph, specs: ReadonlyMap<QuantPoint, QuantSpec>): ReadonlyMap<QuantPoint, QuantSpec> {
  const ordered = new Map<QuantPoint, QuantSpec>();
  const add = (point: QuantPoint | null): void => {
    const spec = point && specs.get(point);
    if (point && spec) ordered.set(point, spec);
  };
  graph.inputs.forEach(add);
  graph.initializers.forEach(add);
  for (const node of graph.nodes) {
    node.operands.forEach(add);
    node.outputs.forEach(add);
  }
  return ordered;
}

/** A plan as text: one line per point, then one per node that stays float. */
export function planText(plan: QuantPlan): string {
  const names = new PointNames(plan.graph);
  const name = (point: QuantPoint): string => names.of(point);
  return [
    ...[...plan.specs].map(([point, spec]) => `${name(point)} = ${specText(spec, name)}`),
    ...plan.skipped.map(({ node, reason }) => `float ${names.node(node)} (${node.op}): ${reason}`),
  ].join("\n");
}
