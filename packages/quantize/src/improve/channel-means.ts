import { GraphEditor, invariant, Tensor, type Graph, type Model, type Node, type Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { summedOutputs } from "./summed-outputs.ts";

/** The axis of the channels in the results of Conv, ConvTranspose and Gemm. */
const channelAxis = 1;

/** Adds the mean of each channel of a layer's result to the graph. */
export function addChannelMean(graph: Graph, layer: Node): Value {
  const rank = layer.inputs[1]?.shape?.length;
  invariant(rank !== undefined, `the rank of ${layer.label} is unknown`);
  const axes = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== channelAxis);
  const editor = new GraphEditor(graph).after(layer);
  return editor.op.ReduceMean([layer.output, editor.initializer(Tensor.of("int64", axes), "axes")], { keepdims: 0 });
}

/** What each output of a model is on the average over samples; batches count by their first dimension. */
export async function meanOutputs(
  model: Model,
  data: readonly Feeds[],
  threads: number | undefined,
): Promise<readonly Float64Array[]> {
  const sizeOf = (feeds: Feeds): number => Object.values(feeds)[0]?.dims[0] ?? 1;
  const samples = data.reduce((sum, feeds) => sum + sizeOf(feeds), 0);
  const sums = await summedOutputs(model, data, threads, sizeOf);
  return sums.map((sum) => sum.map((each) => each / samples));
}
