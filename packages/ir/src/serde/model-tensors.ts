import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Model } from "../graph/model.ts";
import type { Tensor } from "../tensor.ts";

/** Every tensor of a model: initializers and attributes, those of bodies and local functions included. */
export function* tensorsOf(model: Model): Generator<Tensor> {
  const pending: Graph[] = [model.graph, ...model.functions.map(({ body }) => body)];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const { initializer } of graph.initializers) if (initializer) yield initializer;
    for (const node of graph.nodes) {
      for (const attribute of node.attributes.values()) {
        if (attribute.kind === "tensor") yield attribute.value;
        else if (attribute.kind === "tensors") yield* attribute.value;
        pending.push(...graphsOf(attribute));
      }
    }
  }
}
