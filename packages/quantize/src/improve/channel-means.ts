import { cloneModel, GraphEditor, invariant, Tensor, type Graph, type Model, type Node, type Value } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";

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
  const pruned = cloneModel(model);
  runPasses(pruned, [eliminateDeadCode]);
  const session = await Session.create(pruned, threads === undefined ? {} : { threads });
  const sums = new Map<string, Float64Array>();
  let samples = 0;
  try {
    for (const feeds of data) {
      const size = Object.values(feeds)[0]?.dims[0] ?? 1;
      for (const [name, mean] of Object.entries(await session.run(feeds))) {
        const sum = sums.get(name) ?? new Float64Array(mean.size);
        mean.floats().forEach((value, channel) => (sum[channel]! += value * size));
        sums.set(name, sum);
      }
      samples += size;
    }
  } finally {
    await session.release();
  }
  return pruned.graph.outputs.map(({ name }) => sums.get(name)!.map((sum) => sum / samples));
}
