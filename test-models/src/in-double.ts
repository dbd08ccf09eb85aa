import { GraphEditor, Tensor, type Graph, type Use } from "@lowbit/ir";

/** Resize takes its scales and its region as float32 whatever its data are. */
function staysFloat({ node, index }: Use): boolean {
  return node.op === "Resize" && index > 0;
}

/** Turns the float32 values of a graph into float64, so that finite differences are exact enough to compare with. */
export function inDouble(graph: Graph): void {
  const editor = new GraphEditor(graph);
  for (const value of [...graph.inputs, ...graph.initializers]) {
    if (value.dtype !== "float" || [...value.uses].some(staysFloat)) continue;
    editor.setType(value, { kind: "tensor", dtype: "double", shape: value.shape });
    const data = value.initializer;
    if (data) editor.setInitializer(value, Tensor.of("double", data.numbers(), data.dims));
  }
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output?.dtype === "float") editor.setType(output, null);
    editor.infer(node);
  }
}
