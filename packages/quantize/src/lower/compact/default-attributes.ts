import { GraphEditor, schemaOf, type Attribute, type Graph, type Node } from "@lowbit/ir";

/** What lists of integers with one element per axis hold when they are absent. */
const perAxis: Readonly<Record<string, number>> = { strides: 1, dilations: 1, pads: 0 };

/** Drops attributes that hold what ONNX takes them to hold when they are absent. Returns how many. */
export function dropDefaultAttributes(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let dropped = 0;
  for (const node of graph.nodes) {
    for (const [name, attribute] of [...node.attributes]) {
      if (!isDefault(node, name, attribute)) continue;
      editor.setAttribute(node, name, null);
      dropped++;
    }
  }
  return dropped;
}

function isDefault(node: Node, name: string, attribute: Attribute): boolean {
  const schema = schemaOf(node.op, node.domain)?.attributes[name];
  if (!schema || schema.required || schema.kind !== attribute.kind) return false;
  if (attribute.kind === "ints") {
    return name in perAxis && attribute.value.every((each) => Number(each) === perAxis[name]);
  }
  if (schema.default === undefined) return false;
  if (attribute.kind === "int") return Number(attribute.value) === Number(schema.default);
  return attribute.kind === "string" && attribute.value === schema.default;
}
