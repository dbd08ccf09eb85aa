import { GraphEditor, type Graph } from "@lowbit/ir";
import { assign } from "./assign.ts";

/**
 * Switches every BatchNormalization whose running statistics are initializers to training: it normalizes by the batch
 * and moves the running statistics, which become state. Returns how many were switched.
 */
export function trainBatchNormalization(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let switched = 0;
  for (const node of graph.nodes) {
    if (!node.is("BatchNormalization") || node.int("training_mode", 0) === 1) continue;
    const [, , , mean, variance] = node.inputs;
    if (!mean?.initializer || !variance?.initializer) continue;
    editor.setRole(mean, "buffer");
    editor.setRole(variance, "buffer");
    editor.rewriting("train-batch-normalization", [node], node, () => {
      const attributes = {
        epsilon: node.float("epsilon", 1e-5),
        momentum: node.float("momentum", 0.9),
        training_mode: 1,
      };
      const training = editor.node("BatchNormalization", node.inputs, attributes, { outputs: 3 });
      assign(editor, mean, training.outputs[1]!);
      assign(editor, variance, training.outputs[2]!);
      editor.replaceAllUses(node.output, training.output);
    });
    editor.erase(node);
    switched++;
  }
  return switched;
}
