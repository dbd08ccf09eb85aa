import { arrays, takeSamples } from "./arrays.ts";
import type { Batch, Dataset } from "./dataset.ts";
import { sampleCount, type Fitting, type RawBatch } from "./fitting/fitting.ts";
import { shuffledIndices } from "./random.ts";

/**
 * A data set over arrays that stay as the file has them; batches are converted as they are drawn.
 *
 * All targets and the first sample are checked now, so that wrong data is told before anything long begins.
 *
 * @param file that holds the samples
 * @throws CompileError `data/…`
 */
export function inMemory(raw: RawBatch, fitting: Fitting, file: string = fitting.source): Dataset {
  const size = sampleCount(raw.inputs, fitting.source);
  const target = raw.target && fitting.fitTarget(raw.target, size, 0);
  const first = Object.entries(raw.inputs).map(([name, tensor]) => [name, takeSamples(tensor, null, 0, 1)] as const);
  fitting.fitBatch({ inputs: Object.fromEntries(first) }, 0);
  const data = arrays(raw.inputs, target);
  return {
    size,
    hasTargets: data.hasTargets,
    sampleName(drawn, shuffle) {
      const index = shuffle === undefined ? drawn : shuffledIndices(size, shuffle)[drawn];
      return `sample ${index} of "${file}" (the first is 0)`;
    },
    async *batches(options): AsyncIterable<Batch> {
      for await (const batch of data.batches(options)) {
        yield { ...batch, inputs: fitting.fitBatch({ inputs: batch.inputs }, 0).inputs };
      }
    },
  };
}
