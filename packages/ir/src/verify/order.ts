import type { Node } from "../graph/node.ts";
import { cycleText, needs, nodeOrder } from "../graph/node-order.ts";
import type { GraphNodes } from "./nesting.ts";
import { at, nodeText, type Report } from "./report.ts";

/** Checks that every node comes after the nodes it needs. */
export function verifyOrder({ graph, nodes }: GraphNodes, report: Report): void {
  const seen = new Set<Node>();
  let late: readonly [Node, Node] | null = null;
  for (const node of nodes) {
    for (const needed of needs(node)) if (!seen.has(needed)) late ??= [node, needed];
    seen.add(node);
  }
  if (late === null) return;
  const { cycle } = nodeOrder(graph);
  const [node, needed] = late;
  if (cycle) report.error("graph/cycle", `nodes need each other's results: ${cycleText(cycle)}`, at(cycle[0]!));
  else report.error("graph/order", `${nodeText(node)} stands before ${nodeText(needed)}, which it needs`, at(node));
}
