import { modelNodes, type Graph, type Node, type Use } from "@lowbit/ir";
import { globMatchesNothing } from "../diagnostics.ts";
import { codedNodes } from "./coded-nodes.ts";
import { globMatcher } from "./glob.ts";
import { createPlan, type QuantPlan } from "./plan.ts";
import { PointNames } from "./point-names.ts";
import { sharingGroups } from "./sharing.ts";
import { isUse, type OwnSpec, type QuantPoint, type QuantSpec } from "./spec.ts";

/** Why a node that the user named stays float. */
export const keptByUser = "kept in float on request";

/**
 * The nodes whose name, the name of one of whose results, or the name of a model node they were made of matches one of
 * the patterns.
 *
 * @throws CompileError `quantize/keep-float` for a pattern that matches none
 */
export function nodesMatching(graph: Graph, globs: readonly string[]): ReadonlySet<Node> {
  const names = new PointNames(graph);
  const nodes = new Set<Node>();
  for (const glob of globs) {
    const matches = globMatcher(glob);
    const found = [...graph.nodes].filter((node) => namesOf(node, names).some(matches));
    if (found.length === 0) throw globMatchesNothing(glob);
    for (const node of found) nodes.add(node);
  }
  return nodes;
}

function namesOf(node: Node, names: PointNames): readonly string[] {
  const results = node.outputs.flatMap((value) => (value ? [value.name] : []));
  return [node.name, names.node(node), ...results, ...modelNodes(node.origin)];
}

/**
 * The plan without some nodes: their operands read floats, and values that nobody reads or computes as codes any more
 * stay float. Points that shared parameters with a dropped one keep them.
 */
export function keepFloat(plan: QuantPlan, nodes: ReadonlySet<Node>, reason: string = keptByUser): QuantPlan {
  const dropped = new Set<QuantPoint>();
  for (const node of nodes) for (const use of node.operands) dropped.add(use);
  const isRead = (use: Use): boolean => plan.specs.has(use) && !dropped.has(use);
  for (const point of plan.specs.keys()) {
    if (isUse(point) || [...point.uses].some(isRead)) continue;
    const isInteger = computedFromCodes(point.producer, ({ operands }) => operands.some(isRead), nodes);
    if (!isInteger) dropped.add(point);
  }
  const specs = withoutPoints(plan, dropped);
  const kept = plan.skipped.filter((each) => !nodes.has(each.node));
  const left = codedNodes(plan.graph, specs);
  const explained = new Set([...nodes, ...kept.map(({ node }) => node)]);
  const lost = [...codedNodes(plan.graph, plan.specs)].filter((node) => !left.has(node) && !explained.has(node));
  return createPlan(plan.graph, specs, [
    ...kept,
    ...[...nodes].map((node) => ({ node, reason })),
    ...lost.map((node) => ({ node, reason: withoutCodes })),
  ]);
}

/** Why a node stays float when all that had codes around it stays float. */
const withoutCodes = "what it reads and gives is float now";

/** Nodes of the longest chain that runs as one integer kernel: a product, its bias, its activation. */
const longestUnit = 3;

/**
 * Whether a node, or one whose only reader it is, reads codes: then its result is what an integer kernel gives, unless one
 * of the nodes on the way is kept in float.
 */
function computedFromCodes(
  node: Node | null,
  readsCodes: (node: Node) => boolean,
  float: ReadonlySet<Node>,
  length = longestUnit,
): boolean {
  if (node === null || length === 0 || float.has(node)) return false;
  if (readsCodes(node)) return true;
  return node.inputs.some(
    (value) => value?.uses.size === 1 && computedFromCodes(value.producer, readsCodes, float, length - 1),
  );
}

/** The plan with another spec at one point, and at all that share its parameters. */
export function withSpec(plan: QuantPlan, point: QuantPoint, spec: OwnSpec): QuantPlan {
  const root = sharingGroups(plan).of(point)?.root ?? point;
  return createPlan(plan.graph, new Map(plan.specs).set(root, spec), plan.skipped);
}

/** The plan with other specs at some roots of sharing groups, and at all that share their parameters. */
export function withSpecs(plan: QuantPlan, specs: ReadonlyMap<QuantPoint, OwnSpec>): QuantPlan {
  return createPlan(plan.graph, new Map([...plan.specs, ...specs]), plan.skipped);
}

/** The specs of the points that are left; a group that lost its root gets the spec at its first remaining member. */
function withoutPoints(plan: QuantPlan, dropped: ReadonlySet<QuantPoint>): ReadonlyMap<QuantPoint, QuantSpec> {
  const specs = new Map<QuantPoint, QuantSpec>();
  for (const group of sharingGroups(plan).groups) {
    const left = group.members.filter((point) => !dropped.has(point));
    if (left.length === group.members.length) {
      for (const point of left) specs.set(point, plan.specs.get(point)!);
      continue;
    }
    const [root, ...others] = left;
    if (root) specs.set(root, group.spec);
    for (const point of others) specs.set(point, { kind: "shared", with: root! });
  }
  for (const [point, spec] of plan.specs) {
    if (spec.kind === "derived" && !dropped.has(point) && spec.from.every((each) => specs.has(each))) {
      specs.set(point, spec);
    }
  }
  return specs;
}
