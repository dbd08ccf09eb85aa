import { GraphEditor, parseGraph, type Graph } from "@lowbit/ir";
import { gradients } from "../gradients.ts";

/** Differentiates the first output of a text by the named values and makes the gradients the graph's outputs. */
export function differentiate(text: string, wrt: readonly string[]): Graph {
  const graph = parseGraph(text);
  const editor = new GraphEditor(graph);
  const found = gradients(
    editor,
    graph.outputs[0]!,
    wrt.map((name) => graph.value(name)!),
  );
  editor.setOutputs([...found.values()].filter((grad) => grad !== null));
  return graph;
}
