import { link, mutable } from "../edit/mutable.ts";
import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";

/** The values of `node.graph` that the bodies of a node read or return. */
export function* captured(node: Node): Generator<Value> {
  const pending = [...node.attributes.values()].flatMap(graphsOf);
  for (let body = pending.pop(); body; body = pending.pop()) {
    for (const value of body.outputs) if (value.graph === node.graph) yield value;
    for (const inner of body.nodes) {
      for (const value of inner.inputs) if (value?.graph === node.graph) yield value;
      for (const attribute of inner.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
}

/** The nodes of its own graph that a node needs: producers of its operands and of what its bodies read. */
export function* needs(node: Node): Generator<Node> {
  for (const value of node.inputs) {
    if (value?.producer && value.graph === node.graph) yield value.producer;
  }
  if (hasBody(node)) for (const value of captured(node)) if (value.producer) yield value.producer;
}

/** Whether every node comes after the nodes it needs. */
export function isSorted(graph: Graph): boolean {
  const seen = new Set<Node>();
  for (const node of graph.nodes) {
    for (const needed of needs(node)) if (!seen.has(needed)) return false;
    seen.add(node);
  }
  return true;
}

/**
 * Puts every node after the nodes it needs, otherwise keeping the order. Returns the nodes of a cycle when there is
 * one, in the order in which data would flow, and then leaves the graph as it was.
 */
export function sortNodes(graph: Graph): readonly Node[] | null {
  const sorted: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  for (const start of graph.nodes) {
    const stack: { readonly node: Node; readonly needs: Iterator<Node> }[] = [];
    const open = (node: Node) => {
      state.set(node, "open");
      stack.push({ node, needs: needs(node) });
    };
    if (!state.has(start)) open(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.needs.next();
      if (next.done) {
        state.set(top.node, "done");
        sorted.push(top.node);
        stack.pop();
      } else if (state.get(next.value) === "open") {
        const from = stack.findIndex(({ node }) => node === next.value);
        return stack
          .slice(from)
          .map(({ node }) => node)
          .toReversed();
      } else if (!state.has(next.value)) open(next.value);
    }
  }
  const list = mutable(graph.nodes);
  list.first = null;
  list.last = null;
  list.length = 0;
  for (const node of sorted) link(graph.nodes, node, null);
  return null;
}

function hasBody(node: Node): boolean {
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === "graph" || attribute.kind === "graphs") return true;
  }
  return false;
}
