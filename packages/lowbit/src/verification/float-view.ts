import { cloneGraph, GraphEditor, Tensor, type Graph, type Node } from "@lowbit/ir";
import { findUnits, type CapabilityTable } from "@lowbit/backend-kit";
import { dataOf } from "./dequantized.ts";

/** The nodes of a quantized graph that a table has no kernel for, with the reasons, as if the graph were still float. */
export function unsupportedNodes(graph: Graph, table: CapabilityTable): ReadonlyMap<Node, string> {
  const { graph: float, values } = cloneGraph(graph);
  const editor = new GraphEditor(float);
  for (const node of float.nodes) {
    // Some exporters write weights as Constant nodes, which kernels take like any other data.
    const constant = node.is("Constant") ? dataOf(node.outputs[0]!) : null;
    if (constant) editor.replaceAllUses(node.outputs[0]!, editor.initializer(constant, "data"));
    if (!node.is("DequantizeLinear")) continue;
    const codes = node.inputs[0]!;
    const source = codes.producer?.is("QuantizeLinear") ? codes.producer.inputs[0]! : null;
    const data = dataOf(codes);
    // Only that there is data, and its shape, decides what a kernel takes.
    const value =
      source ??
      (data ? editor.initializer(Tensor.fromTyped("float", data.dims, new Float32Array(data.size)), "data") : null);
    if (value) editor.replaceAllUses(node.outputs[0]!, value);
  }
  const { unsupported } = findUnits(float, table);
  const reasonOf = (node: Node): readonly (readonly [Node, string])[] => {
    const twin = node.outputs[0] && values.get(node.outputs[0])?.producer;
    const reason = twin ? unsupported.get(twin) : undefined;
    return reason === undefined ? [] : [[node, reason]];
  };
  return new Map([...graph.nodes].flatMap(reasonOf));
}
