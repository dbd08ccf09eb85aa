import type { Graph } from "../graph/graph.ts";
import { needs } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import { RegionOrder } from "./region-order.ts";

/**
 * Divides the nodes that belong into connected convex regions, each of which can run as one unit, as large as that
 * allows: no two regions that exchange a result could be one. The regions are in an order in which they can run (with
 * the other nodes in between), the nodes of a region in graph order. The graph must be sorted.
 *
 * First every node gets a phase that grows along each way from a node that belongs to one that does not; nodes of one
 * phase that are connected are convex together, in linear time. Then regions of different phases that exchange a result
 * are joined where no other way leads from one to the other.
 */
export function convexRegions(graph: Graph, belongs: (node: Node) => boolean): readonly (readonly Node[])[] {
  const nodes = [...graph.nodes];
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const member = nodes.map(belongs);
  const needed = nodes.map((node) => [...new Set(needs(node))].map((other) => numbers.get(other)!));
  const phases = phasesOf(needed, member);
  const order = new RegionOrder(needed, phases, member);
  needed.forEach((others, index) => {
    if (member[index]) for (const other of others) if (member[other]) order.joinIfConvex(other, index);
  });
  return order.sets().flatMap((set) => (member[set[0]!] ? [set.map((index) => nodes[index]!)] : []));
}

function phasesOf(needed: readonly (readonly number[])[], member: readonly boolean[]): Int32Array {
  const phases = new Int32Array(needed.length);
  needed.forEach((others, index) => {
    for (const other of others) {
      const leaves = member[other] && !member[index] ? 1 : 0;
      phases[index] = Math.max(phases[index]!, phases[other]! + leaves);
    }
  });
  return phases;
}
