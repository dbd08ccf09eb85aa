import { cloneModel, invariant, type Model } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { samplesOf } from "../calibrate/samples.ts";
import { refuseNotFinite } from "./refuse-not-finite.ts";

/**
 * Sums what a model computes over data: each output in float64, element by element, in the order of the model's outputs.
 *
 * @throws CompileError `quantize/not-finite` about the first value that is not
 * @param weightOf what the outputs of a batch count; default: 1
 */
export async function summedOutputs(
  model: Model,
  data: readonly Feeds[] & NamedSamples,
  threads: number | undefined,
  weightOf: (feeds: Feeds) => number = () => 1,
): Promise<readonly Float64Array[]> {
  const pruned = cloneModel(model);
  runPasses(pruned, [eliminateDeadCode]);
  const session = await Session.create(pruned, threads === undefined ? {} : { threads });
  const sums = new Map<string, Float64Array>();
  try {
    let samples = 0;
    for (const [batch, feeds] of data.entries()) {
      const weight = weightOf(feeds);
      for (const [name, tensor] of Object.entries(await session.run(feeds))) {
        const sum = sums.get(name) ?? new Float64Array(tensor.size);
        tensor.floats().forEach((value, i) => (sum[i]! += value * weight));
        if (!sum.every(Number.isFinite)) {
          await refuseNotFinite(pruned, feeds, { batch, samples, sampleName: data.sampleName });
        }
        sums.set(name, sum);
      }
      samples += samplesOf(feeds);
    }
  } finally {
    await session.release();
  }
  return pruned.graph.outputs.map(({ name }) => {
    const sum = sums.get(name);
    invariant(sum, "sums need data");
    return sum;
  });
}
