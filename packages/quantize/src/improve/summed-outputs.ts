import type { Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { foldedOutputs } from "./folded-outputs.ts";

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
  return foldedOutputs(model, data, threads, (sum, output, feeds) => {
    const weight = weightOf(feeds);
    output.forEach((value, i) => (sum[i]! += value * weight));
  });
}
