import { planOfOtherGraph } from "../diagnostics.ts";
import { codedNodes } from "./coded-nodes.ts";
import { createPlan, type QuantPlan, type Skipped } from "./plan.ts";
import { PointNames } from "./point-names.ts";
import { sameSpec, specText, type QuantPoint, type QuantSpec } from "./spec.ts";

/** A point that two plans treat differently; null where one has no spec for it. */
export interface PlanDifference {
  readonly point: QuantPoint;
  readonly before: QuantSpec | null;
  readonly after: QuantSpec | null;
}

/** What changed from one plan to another of the same graph. @throws CompileError `quantize/plan-graph` */
export function diffPlans(before: QuantPlan, after: QuantPlan): readonly PlanDifference[] {
  requireSameGraph(before, after);
  const points = createPlan(before.graph, new Map([...after.specs, ...before.specs])).specs.keys();
  return [...points].flatMap((point) => {
    const [a, b] = [before.specs.get(point) ?? null, after.specs.get(point) ?? null];
    return a && b && sameSpec(a, b) ? [] : [{ point, before: a, after: b }];
  });
}

/** Differences as text, one line per spec: `-` before, `+` after. */
export function diffText(plan: QuantPlan, differences: readonly PlanDifference[]): string {
  const names = new PointNames(plan.graph);
  const name = (point: QuantPoint): string => names.of(point);
  const line = (sign: string, point: QuantPoint, spec: QuantSpec | null): readonly string[] =>
    spec ? [`${sign} ${name(point)} = ${specText(spec, name)}`] : [];
  return differences
    .flatMap(({ point, before, after }) => [...line("-", point, before), ...line("+", point, after)])
    .join("\n");
}

/** Two plans in one, and the points where they disagree (there the first plan wins). */
export interface MergedPlan {
  readonly plan: QuantPlan;
  /** `before` is of the first plan, `after` of the second. */
  readonly conflicts: readonly PlanDifference[];
}

/**
 * The specs of both plans. A node stays float only if no plan lets it compute on codes.
 *
 * @throws CompileError `quantize/plan-graph`
 */
export function mergePlans(first: QuantPlan, second: QuantPlan): MergedPlan {
  requireSameGraph(first, second);
  const conflicts = diffPlans(first, second).filter(({ before, after }) => before && after);
  const specs = new Map([...second.specs, ...first.specs]);
  const inFirst = new Set(first.skipped.map(({ node }) => node));
  const inBoth = new Set(second.skipped.map(({ node }) => node).filter((node) => inFirst.has(node)));
  const coded = codedNodes(first.graph, specs);
  const isStillFloat = ({ node }: Skipped): boolean =>
    inBoth.has(node) ? !node.operands.some((use) => specs.has(use)) : !coded.has(node);
  const skipped = [...first.skipped, ...second.skipped.filter(({ node }) => !inFirst.has(node))].filter(isStillFloat);
  return { plan: createPlan(first.graph, specs, skipped), conflicts };
}

function requireSameGraph(a: QuantPlan, b: QuantPlan): void {
  if (a.graph !== b.graph) throw planOfOtherGraph(b.graph.name, a.graph.name);
}
