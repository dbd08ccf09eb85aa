import { cloneModel, GraphEditor, type Model, type Node } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { productOf } from "../convert/product.ts";
import { addInputMoments } from "./input-moments.ts";
import { summedOutputs } from "./summed-outputs.ts";
import type { WeightRows } from "./weight-rows.ts";

/** The layers of a model with weights, in graph order; `prepare` and `convert` add none and keep the order. */
export function productsOf({ graph }: Model): readonly Node[] {
  return [...graph.nodes].filter((node) => productOf(node)?.weight.index === 1);
}

/** A copy of the model whose results are the moments of what one of its layers reads. */
export function withInputMoments(model: Model, layer: Node, rows: WeightRows): Model {
  const copy = cloneModel(model);
  const twin = [...copy.graph.nodes][[...model.graph.nodes].indexOf(layer)]!;
  new GraphEditor(copy.graph).setOutputs([...addInputMoments(twin, rows)]);
  return copy;
}

/**
 * Σ x·xᵀ over all inputs that meet a weight, in all layers that read it: [groups, columns, columns].
 *
 * @param modelFor a model whose first result is that for one of the readers
 */
export async function summedMoments(
  { readers, groups, columns }: WeightRows,
  modelFor: (reader: Node) => Model,
  data: readonly Feeds[],
  threads: number | undefined,
): Promise<Float64Array> {
  const moments = new Float64Array(groups * columns ** 2);
  for (const reader of readers) {
    const [found] = await summedOutputs(modelFor(reader), data, threads);
    moments.forEach((moment, i) => (moments[i] = moment + found![i]!));
  }
  return moments;
}
