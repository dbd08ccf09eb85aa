import { cloneGraph, GraphEditor, type Graph, type Tensor } from "@lowbit/ir";

/** A copy of a graph whose initializers hold the values of a training state; state of the optimizer finds no place in it. */
export function withState(graph: Graph, state: ReadonlyMap<string, Tensor>): Graph {
  const copy = cloneGraph(graph).graph;
  const editor = new GraphEditor(copy);
  for (const value of copy.initializers) {
    const tensor = state.get(value.name);
    if (tensor) editor.setInitializer(value, tensor);
  }
  return copy;
}
