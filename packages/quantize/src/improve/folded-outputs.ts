import { cloneModel, invariant, type Model } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { samplesOf } from "../calibrate/samples.ts";
import { refuseNotFinite } from "./refuse-not-finite.ts";

/**
 * Folds what a model computes over data: each output in float64, element by element, in the order of the model's outputs.
 *
 * @param fold takes an output of a batch into what there is so far, which is 0 before the first, in place
 * @throws CompileError `quantize/not-finite` about the first value that is not
 */
export async function foldedOutputs(
  model: Model,
  data: readonly Feeds[] & NamedSamples,
  threads: number | undefined,
  fold: (folded: Float64Array, output: Float32Array, feeds: Feeds) => void,
): Promise<readonly Float64Array[]> {
  const pruned = cloneModel(model);
  runPasses(pruned, [eliminateDeadCode]);
  const session = await Session.create(pruned, threads === undefined ? {} : { threads });
  const folded = new Map<string, Float64Array>();
  try {
    let samples = 0;
    for (const [batch, feeds] of data.entries()) {
      for (const [name, tensor] of Object.entries(await session.run(feeds))) {
        const all = folded.get(name) ?? new Float64Array(tensor.size);
        folded.set(name, all);
        fold(all, tensor.floats(), feeds);
        if (all.every(Number.isFinite)) continue;
        await refuseNotFinite(pruned, feeds, { batch, samples, sampleName: data.sampleName });
      }
      samples += samplesOf(feeds);
    }
  } finally {
    await session.release();
  }
  return pruned.graph.outputs.map(({ name }) => {
    const all = folded.get(name);
    invariant(all, "folds need data");
    return all;
  });
}
