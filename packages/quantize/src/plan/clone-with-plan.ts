import { cloneGraph, invariant, type Graph, type Node } from "@lowbit/ir";
import { planOfOtherGraph } from "../diagnostics.ts";
import { createPlan, type QuantPlan } from "./plan.ts";
import { isUse, type QuantPoint, type QuantSpec } from "./spec.ts";

/** A copy of a graph with the plan for it, and where each point of the original went. */
export interface ClonedPlan {
  readonly graph: Graph;
  readonly plan: QuantPlan;
  twin(point: QuantPoint): QuantPoint;
}

/** Copies a graph and makes its plan speak about the copy. @throws CompileError `quantize/plan-graph` */
export function cloneWithPlan(graph: Graph, plan: QuantPlan): ClonedPlan {
  if (plan.graph !== graph) throw planOfOtherGraph(plan.graph.name, graph.name);
  const clone = cloneGraph(graph);
  const nodes = new Map<Node, Node>();
  const copies = clone.graph.nodes[Symbol.iterator]();
  for (const node of graph.nodes) nodes.set(node, copies.next().value as Node);
  const twin = (point: QuantPoint): QuantPoint => {
    const found = isUse(point) ? nodes.get(point.node)?.operands[point.index] : clone.values.get(point);
    invariant(found, "a point of a plan is not in its graph");
    return found;
  };
  const specs = new Map<QuantPoint, QuantSpec>();
  for (const [point, spec] of plan.specs) specs.set(twin(point), withTwins(spec, twin));
  const skipped = plan.skipped.map(({ node, reason }) => ({ node: nodes.get(node)!, reason }));
  return { graph: clone.graph, plan: createPlan(clone.graph, specs, skipped), twin };
}

function withTwins(spec: QuantSpec, twin: (point: QuantPoint) => QuantPoint): QuantSpec {
  if (spec.kind === "shared") return { ...spec, with: twin(spec.with) };
  return spec.kind === "derived" ? { ...spec, from: [twin(spec.from[0]), twin(spec.from[1])] } : spec;
}
