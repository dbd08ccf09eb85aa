import { CompileError, GraphEditor, tensorType, type Graph } from "@lowbit/ir";
import { fixedBatch } from "../diagnostics.ts";

/**
 * Gives the first dimension of every graph input a number and infers all types anew, so that a training step has static
 * shapes.
 *
 * @throws CompileError `train/fixed-batch` when the model holds another batch size in its nodes
 */
export function fixBatch(graph: Graph, batch: number): void {
  const editor = new GraphEditor(graph);
  const exported = graph.inputs.map(({ shape }) => shape?.[0]).find((dim) => typeof dim === "number") ?? null;
  for (const value of graph.inputs) {
    const { dtype, shape } = value;
    if (dtype && shape && shape.length > 0) editor.setType(value, tensorType(dtype, [batch, ...shape.slice(1)]));
  }
  for (const node of graph.nodes) {
    for (const value of node.outputs) if (value) editor.setType(value, null);
    try {
      editor.infer(node);
    } catch (error) {
      if (error instanceof CompileError) throw fixedBatch(node.label, error.diagnostic.message, batch, exported);
      throw error;
    }
  }
}
