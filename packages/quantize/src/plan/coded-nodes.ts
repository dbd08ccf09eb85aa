import type { Graph, Node } from "@lowbit/ir";
import { nodeOf, type QuantPoint, type QuantSpec } from "./spec.ts";

/**
 * The nodes that specs let compute on codes: those that read or give some, and the bias behind a product of matrices whose
 * kernel adds it and gives floats.
 */
export function codedNodes(graph: Graph, specs: ReadonlyMap<QuantPoint, QuantSpec>): ReadonlySet<Node> {
  const nodes = new Set<Node>();
  for (const point of specs.keys()) {
    const node = nodeOf(point);
    if (node) nodes.add(node);
  }
  for (const node of graph.nodes) if (isBiasBehind(node, specs)) nodes.add(node);
  return nodes;
}

/** Whether a node adds data of the model to the result of a MatMul on codes, which nobody else reads. */
export function isBiasBehind(node: Node, specs: ReadonlyMap<QuantPoint, QuantSpec>): boolean {
  if (!node.is("Add") || !node.inputs.some((value) => value?.initializer)) return false;
  const product = node.inputs.find((value) => value?.producer?.is("MatMul") && value.uses.size === 1)?.producer;
  return product !== undefined && product !== null && product.operands.some((use) => specs.has(use));
}
