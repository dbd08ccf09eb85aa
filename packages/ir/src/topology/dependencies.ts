import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";

/** The nodes of its own graph that need a node's results, themselves or in their bodies, each once; see `needs`. */
export function dependentNodes(node: Node): ReadonlySet<Node> {
  const dependents = new Set<Node>();
  for (const value of node.outputs) {
    if (value === null) continue;
    for (const use of value.uses) add(dependents, enclosing(use.node, node.graph));
    for (const graph of value.returnedBy) if (graph.owner) add(dependents, enclosing(graph.owner, node.graph));
  }
  return dependents;
}

/** The node of `graph` that is `inner` or has it in its bodies; null when it is not inside that graph. */
export function enclosing(inner: Node, graph: Graph): Node | null {
  let node: Node | null = inner;
  while (node !== null && node.graph !== graph) node = node.graph.owner;
  return node;
}

function add(nodes: Set<Node>, node: Node | null): void {
  if (node !== null) nodes.add(node);
}
