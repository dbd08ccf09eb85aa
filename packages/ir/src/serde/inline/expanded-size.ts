import { graphsOf } from "../../graph/attribute.ts";
import type { Graph } from "../../graph/graph.ts";
import type { LocalFunction } from "../../graph/model.ts";
import { callsOf } from "../../verify/functions.ts";

/** How many nodes a graph's calls become when all functions are inlined; the functions must not call in a circle. */
export function expandedSize(root: Graph, functions: ReadonlyMap<string, LocalFunction>): number {
  const sizes = new Map<LocalFunction, number>();
  const pending = [...callsOf(root, functions)];
  for (let local = pending.at(-1); local; local = pending.at(-1)) {
    const calls = [...callsOf(local.body, functions)];
    const unknown = calls.filter((called) => !sizes.has(called));
    if (unknown.length > 0 && !sizes.has(local)) {
      pending.push(...new Set(unknown));
      continue;
    }
    pending.pop();
    sizes.set(local, nodeCount(local.body) + total(calls, sizes));
  }
  return total([...callsOf(root, functions)], sizes);
}

function total(calls: readonly LocalFunction[], sizes: ReadonlyMap<LocalFunction, number>): number {
  return calls.reduce((sum, local) => sum + sizes.get(local)!, 0);
}

function nodeCount(root: Graph): number {
  let count = 0;
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    count += graph.nodes.length;
    for (const node of graph.nodes) {
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return count;
}
