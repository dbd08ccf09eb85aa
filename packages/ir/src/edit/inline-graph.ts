import type { Attribute } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/value.ts";
import { cloneGraph } from "./clone.ts";
import type { GraphEditor } from "./graph-editor.ts";

/**
 * Copies the nodes and data of a graph into another one, at the editor's insertion point, and returns what the graph's
 * outputs became. Names are made unique; bodies keep reading what they read.
 *
 * @param inputs what the graph's inputs become, in order
 */
export function inlineGraph(editor: GraphEditor, graph: Graph, inputs: readonly Value[]): readonly Value[] {
  const source = cloneGraph(graph).graph;
  const values = new Map<Value, Value>(source.inputs.map((value, index) => [value, inputs[index]!]));
  for (const value of source.initializers) {
    if (!values.has(value)) values.set(value, editor.initializer(value.initializer!, value.name, value.role));
  }
  for (const node of source.nodes) {
    const attributes: Record<string, Attribute> = Object.fromEntries(node.attributes);
    const copy = editor.node(
      node.op,
      node.inputs.map((value) => value && (values.get(value) ?? value)),
      attributes,
      {
        domain: node.domain,
        ...(node.name ? { name: node.name } : {}),
        ...(node.origin ? { origin: node.origin } : {}),
        outputs: node.outputs.map((value) => value && editor.graph.names.fresh(value.name)),
        types: node.outputs.map((value) => value?.type ?? null),
      },
    );
    node.outputs.forEach((value, index) => {
      if (value) values.set(value, copy.outputs[index]!);
    });
  }
  return source.outputs.map((value) => values.get(value) ?? value);
}
