import type { Graph } from "../graph/graph.ts";
import { captured } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { typeText } from "../types.ts";
import { hasBody } from "../graph/has-body.ts";

/** How a graph is drawn. */
export interface DotOptions {
  /** Sets of nodes to draw in boxes, for example convex regions, by name. */
  readonly regions?: ReadonlyMap<string, readonly Node[]>;
  /** Lines in a node's box. Default: its op and its name. */
  readonly label?: (node: Node) => string;
}

/**
 * A graph in the DOT language of Graphviz (https://graphviz.org/doc/info/lang.html): nodes, inputs and outputs, edges
 * with the types of values. Initializers and the insides of bodies are not drawn.
 */
export function dotText(graph: Graph, options: DotOptions = {}): string {
  const label = options.label ?? ((node) => (node.name === "" ? node.op : `${node.op}\n${node.name}`));
  const names = new Map<Node | Value, string>();
  const lines = [`digraph ${dotString(graph.name)} {`, "  node [shape=box];"];
  const declare = (item: Node | Value, name: string, text: string, shape = ""): string => {
    names.set(item, name);
    return `${name} [label=${dotString(text)}${shape}];`;
  };
  graph.inputs.forEach((value, index) =>
    lines.push(`  ${declare(value, `in${index}`, value.name, ", shape=ellipse")}`),
  );
  let count = 0;
  const box = (node: Node): string => declare(node, `n${count++}`, label(node));
  for (const [name, nodes] of options.regions ?? []) {
    lines.push(`  subgraph ${dotString(`cluster ${name}`)} {`, `    label=${dotString(name)};`);
    for (const node of nodes) lines.push(`    ${box(node)}`);
    lines.push("  }");
  }
  for (const node of graph.nodes) if (!names.has(node)) lines.push(`  ${box(node)}`);
  const edge = (value: Value | null, to: string, style = ""): void => {
    const from = value && names.get(value.producer ?? value);
    if (from) lines.push(`  ${from} -> ${to} [label=${dotString(typeText(value.type))}${style}];`);
  };
  for (const node of graph.nodes) {
    for (const value of node.inputs) edge(value, names.get(node)!);
    if (!hasBody(node)) continue;
    for (const value of new Set(captured(node))) edge(value, names.get(node)!, ", style=dashed");
  }
  graph.outputs.forEach((value, index) => {
    lines.push(`  out${index} [label=${dotString(value.name)}, shape=ellipse];`);
    edge(value, `out${index}`);
  });
  return [...lines, "}"].join("\n");
}

function dotString(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
