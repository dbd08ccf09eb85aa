import { cloneGraph, GraphEditor, invariant, Tensor, type Model, type Value } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { samplesOf } from "../calibrate/samples.ts";
import { refuseNotFinite } from "./refuse-not-finite.ts";

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
  const watching: Model = { ...model, graph };
  runPasses(watching, [eliminateDeadCode]);
  const session = await Session.create(watching, threads === undefined ? {} : { threads });
  const reaches = new Map<string, Float64Array>();
  try {
    let samples = 0;
    for (const [batch, feeds] of data.entries()) {
      for (const [name, tensor] of Object.entries(await session.run(feeds))) {
        if (!tensor.floats().every(Number.isFinite)) {
          await refuseNotFinite(watching, feeds, { batch, samples, sampleName: data.sampleName });
        }
        const before = reaches.get(name);
        reaches.set(name, before ? before.map((reach, j) => Math.max(reach, tensor.floats()[j]!)) : tensor.numbers());
      }
      samples += samplesOf(feeds);
    }
  } finally {
    await session.release();
  }
  return graph.outputs.map(({ name }) => reaches.get(name)!);
}
