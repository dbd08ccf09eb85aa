import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import { needs } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import { hasTrait } from "../ops/registry.ts";
import { hasBody } from "../graph/has-body.ts";
import { dependentNodes } from "./dependencies.ts";

/**
 * The given nodes and all nodes of their graph that they lead to: what depends on them (`dependents`), or what they
 * need (`needed`).
 */
export function reachable(from: Iterable<Node>, direction: "dependents" | "needed"): ReadonlySet<Node> {
  const next = direction === "dependents" ? dependentNodes : needs;
  const reached = new Set(from);
  const pending = [...reached];
  for (let node = pending.pop(); node; node = pending.pop()) {
    for (const other of next(node)) {
      if (reached.has(other)) continue;
      reached.add(other);
      pending.push(other);
    }
  }
  return reached;
}

/** The nodes that the graph's outputs depend on, or that have side effects; all others are dead code. */
export function liveNodes(graph: Graph): ReadonlySet<Node> {
  const roots: Node[] = [];
  for (const node of graph.nodes) {
    if (hasSideEffect(node) || node.outputs.some((value) => value?.returnedBy.has(graph))) roots.push(node);
  }
  return reachable(roots, "needed");
}

/**
 * The given nodes and those that nothing else needs: what becomes dead code when the given nodes go. Nodes whose
 * results are graph outputs, or that have side effects, are never among those added.
 */
export function deadWithout(nodes: Iterable<Node>): ReadonlySet<Node> {
  const dead = new Set(nodes);
  const remaining = new Map<Node, number>();
  const pending = [...dead];
  for (let node = pending.pop(); node; node = pending.pop()) {
    for (const needed of new Set(needs(node))) {
      if (dead.has(needed)) continue;
      const left = (remaining.get(needed) ?? dependentNodes(needed).size) - 1;
      remaining.set(needed, left);
      const returned = needed.outputs.some((value) => value?.returnedBy.has(needed.graph));
      if (left > 0 || returned || hasSideEffect(needed)) continue;
      dead.add(needed);
      pending.push(needed);
    }
  }
  return dead;
}

/** Whether the node, or a node in its bodies, must not be removed even when unused. */
export function hasSideEffect(node: Node): boolean {
  if (hasTrait(node, "sideEffect")) return true;
  if (!hasBody(node)) return false;
  const pending = [...node.attributes.values()].flatMap(graphsOf);
  for (let body = pending.pop(); body; body = pending.pop()) {
    for (const inner of body.nodes) {
      if (hasTrait(inner, "sideEffect")) return true;
      for (const attribute of inner.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return false;
}
