import { cloneModel, invariant, type Model } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";

/**
 * Sums what a model computes over data: each output in float64, element by element, in the order of the model's outputs.
 *
 * @param weightOf what the outputs of a batch count; default: 1
 */
export async function summedOutputs(
  model: Model,
  data: readonly Feeds[],
  threads: number | undefined,
  weightOf: (feeds: Feeds) => number = () => 1,
): Promise<readonly Float64Array[]> {
  const pruned = cloneModel(model);
  runPasses(pruned, [eliminateDeadCode]);
  const session = await Session.create(pruned, threads === undefined ? {} : { threads });
  const sums = new Map<string, Float64Array>();
  try {
    for (const feeds of data) {
      const weight = weightOf(feeds);
      for (const [name, tensor] of Object.entries(await session.run(feeds))) {
        const sum = sums.get(name) ?? new Float64Array(tensor.size);
        tensor.floats().forEach((value, i) => (sum[i]! += value * weight));
        sums.set(name, sum);
      }
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
