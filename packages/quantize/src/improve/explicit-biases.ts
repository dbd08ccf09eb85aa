import { GraphEditor, Tensor, type Model, type Node } from "@lowbit/ir";
import { definePass, graphsWithin } from "@lowbit/rewrite";

/** Gives each layer without a bias one of zeros, so that bias correction has a place to write to. */
export const explicitBiases = definePass({
  name: "explicit-biases",
  summary: "Adds a bias of zeros to each Conv, ConvTranspose and Gemm with constant weights that has none.",
  run(model: Model) {
    let changed = 0;
    for (const graph of graphsWithin(model.graph)) {
      const editor = new GraphEditor(graph);
      for (const node of graph.nodes) {
        const channels = channelsOf(node);
        if (channels === null || node.inputs[2]) continue;
        const [data, weight] = node.inputs as [(typeof node.inputs)[0], NonNullable<(typeof node.inputs)[0]>];
        const zeros = Tensor.of("float", new Float32Array(channels));
        editor.setInputs(node, [data, weight, editor.initializer(zeros, `${weight.name}_bias`)]);
        changed++;
      }
    }
    return { changed };
  },
});

/** Number of output channels; null for other ops and weights that are not float data. */
export function channelsOf(node: Node): number | null {
  const weight = node.inputs[1]?.constant;
  if (weight?.dtype !== "float") return null;
  if (node.is("Conv")) return weight.dims[0]!;
  if (node.is("ConvTranspose")) return weight.dims[1]! * node.int("group", 1);
  if (node.is("Gemm")) return weight.dims[node.int("transB", 0) ? 0 : 1]!;
  return null;
}
