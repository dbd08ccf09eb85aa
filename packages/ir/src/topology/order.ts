import { link, mutable } from "../edit/mutable.ts";
import type { Graph } from "../graph/graph.ts";
import { needs, nodeOrder } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";

/**
 * Puts every node after the nodes it needs; a node that comes too late moves to right before the first that needs it,
 * all others keep their order. Returns the nodes of a cycle when there is one, in the order in which data would flow,
 * and then leaves the graph as it was.
 */
export function sortNodes(graph: Graph): readonly Node[] | null {
  const { sorted, cycle } = nodeOrder(graph);
  if (cycle !== null) return cycle;
  const list = mutable(graph.nodes);
  list.first = null;
  list.last = null;
  list.length = 0;
  for (const node of sorted) link(graph.nodes, node, null);
  return null;
}

/** How many nodes precede each node on the longest way from the inputs: 0 for nodes that need none. */
export function levels(graph: Graph): ReadonlyMap<Node, number> {
  const levelOf = new Map<Node, number>();
  for (const node of graph.nodes) {
    let level = 0;
    for (const needed of needs(node)) level = Math.max(level, (levelOf.get(needed) ?? 0) + 1);
    levelOf.set(node, level);
  }
  return levelOf;
}

/** The chain of dependent nodes with the largest total weight, first to last; of a sorted graph. */
export function longestPath(graph: Graph, weight: (node: Node) => number = () => 1): readonly Node[] {
  const best = new Map<Node, { readonly total: number; readonly previous: Node | null }>();
  let end: Node | null = null;
  for (const node of graph.nodes) {
    let previous: Node | null = null;
    for (const needed of needs(node)) {
      if (previous === null || best.get(needed)!.total > best.get(previous)!.total) previous = needed;
    }
    best.set(node, { total: weight(node) + (previous === null ? 0 : best.get(previous)!.total), previous });
    if (end === null || best.get(node)!.total > best.get(end)!.total) end = node;
  }
  const path: Node[] = [];
  for (let node = end; node !== null; node = best.get(node)!.previous) path.push(node);
  return path.reverse();
}
