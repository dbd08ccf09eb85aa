import { cloneGraph, GraphEditor, invariant, Tensor, type Model, type Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { foldedOutputs } from "./folded-outputs.ts";

/**
 * The largest magnitudes that values have over some data, for each index of their last axis.
 *
 * @throws CompileError `quantize/not-finite`
 */
export async function channelReaches(
  model: Model,
  values: readonly Value[],
  data: readonly Feeds[] & NamedSamples,
  threads: number | undefined,
): Promise<readonly Float64Array[]> {
  const { graph, values: twins } = cloneGraph(model.graph);
  const editor = new GraphEditor(graph);
  const watched = values.map((value) => {
    const twin = twins.get(value)!;
    const rank = twin.shape?.length;
    invariant(rank !== undefined, `the rank of ${value.name} is unknown`);
    const axes = Array.from({ length: rank - 1 }, (_, axis) => axis);
    const { op } = editor;
    return op.ReduceMax([op.Abs([twin]), editor.initializer(Tensor.of("int64", axes), "axes")], { keepdims: 0 });
  });
  editor.setOutputs(watched);
  return foldedOutputs({ ...model, graph }, data, threads, (reaches, output) => {
    output.forEach((value, i) => (reaches[i] = Math.max(reaches[i]!, value)));
  });
}
