import { hasBody } from "./has-body.ts";
import { graphsOf } from "./attribute.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/** The values of `node.graph` that the bodies of a node read or return; a value may come more than once. */
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

/**
 * The nodes of its own graph that a node needs: producers of its operands and of what its bodies read; a node may come
 * more than once.
 */
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

/** The nodes of a graph in an order in which each comes after those it needs, or a cycle that makes that impossible. */
export type NodeOrder =
  | { readonly sorted: readonly Node[]; readonly cycle: null }
  | { readonly sorted: null; readonly cycle: readonly Node[] };

/**
 * Finds an order for a graph's nodes that changes as little as possible of the order they are in. The nodes of a cycle
 * come in the order in which data would flow. Use lists are not asked, so that a graph where they are wrong can be
 * ordered too.
 */
export function nodeOrder(graph: Graph): NodeOrder {
  const sorted: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  for (const start of graph.nodes) {
    const stack: { readonly node: Node; readonly needs: Iterator<Node> }[] = [];
    const open = (node: Node): void => {
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
        const cycle = stack.slice(from).map(({ node }) => node);
        return { sorted: null, cycle: cycle.toReversed() };
      } else if (!state.has(next.value)) open(next.value);
    }
  }
  return { sorted, cycle: null };
}

/** The nodes of a cycle in words, a few of them. */
export function cycleText(cycle: readonly Node[]): string {
  const shown = cycle.slice(0, 5).map((node) => `${node.op} "${node.label}"`);
  return shown.join(", ") + (cycle.length > shown.length ? `, and ${cycle.length - shown.length} more` : "");
}
