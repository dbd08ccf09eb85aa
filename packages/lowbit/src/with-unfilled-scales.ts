import type { Graph } from "@lowbit/ir";
import { learnScales, prepare, type LearnScalesOptions, type QuantPlan, type Range } from "@lowbit/quantize";

/** On both sides of 0, so that zero points that might be learned are there. */
const anyRange: Range = { min: [-1], max: [1] };

/**
 * The form in which a graph trains with learned scales, before there are any: under the names that its parameters will
 * have, so that a choice among them can be looked at before data is.
 */
export function withUnfilledScales(graph: Graph, plan: QuantPlan, options: LearnScalesOptions): Graph {
  const points = [...plan.specs].filter(([, spec]) => spec.kind === "observed" && spec.granularity.kind === "tensor");
  const prepared = prepare(graph, plan, { mode: "qat", ranges: new Map(points.map(([point]) => [point, anyRange])) });
  learnScales(prepared, options);
  return prepared;
}
