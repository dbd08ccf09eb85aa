import type { Graph } from "../graph/graph.ts";
import { needs } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import { DisjointSets } from "./disjoint-sets.ts";

/**
 * The parts of a graph that exchange no results, each in graph order, by their first nodes. Sharing an input or an
 * initializer does not connect.
 *
 * @param belongs nodes to look at; results that pass through others do not connect either
 */
export function components(graph: Graph, belongs: (node: Node) => boolean = () => true): readonly (readonly Node[])[] {
  const nodes = [...graph.nodes].filter(belongs);
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const sets = new DisjointSets(nodes.length);
  nodes.forEach((node, index) => {
    for (const needed of needs(node)) {
      const other = numbers.get(needed);
      if (other !== undefined) sets.join(index, other);
    }
  });
  const parts = new Map<number, Node[]>();
  nodes.forEach((node, index) => {
    const set = sets.find(index);
    const part = parts.get(set);
    if (part) part.push(node);
    else parts.set(set, [node]);
  });
  return [...parts.values()];
}
