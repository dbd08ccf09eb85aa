import { Tensor } from "@lowbit/ir";
import type { NamedSamples } from "@lowbit/quantize";
import type { Feeds } from "@lowbit/runtime";
import type { Batch, Dataset, InputSpec } from "@lowbit/train";

/** How samples are drawn for calibration. */
export interface CalibrationFeedsOptions {
  /** At most this many. Default: 512. */
  readonly samples?: number;
  /** Samples per run, where the model leaves it open. Default: 32. */
  readonly batch?: number;
  /** Chooses the samples. Default: 0. */
  readonly seed?: number;
}

/**
 * Samples of a data set as a model takes them, drawn from all over it, since data is often sorted. A last batch that is
 * too small for a model with a fixed batch is filled up by repeating its samples, which changes no range. Can be read
 * again and again.
 *
 * @param inputs of the model
 */
export function calibrationFeeds(
  data: Dataset,
  inputs: readonly InputSpec[],
  options: CalibrationFeedsOptions = {},
): AsyncIterable<Feeds> & NamedSamples {
  const { seed = 0 } = options;
  const fixed = fixedBatch(inputs);
  return {
    [Symbol.asyncIterator]: () => drawnFeeds(data, fixed, { ...options, seed }),
    ...(data.sampleName ? { sampleName: (index: number) => data.sampleName!(index, seed) } : {}),
  };
}

async function* drawnFeeds(
  data: Dataset,
  fixed: number | null,
  { samples = 512, batch = 32, seed = 0 }: CalibrationFeedsOptions,
): AsyncGenerator<Feeds> {
  for await (const drawn of data.batches({ batch: fixed ?? batch, samples, shuffle: seed })) {
    yield fixed === null ? drawn.inputs : filled(drawn, fixed);
  }
}

/** The samples per run that a model insists on; null where it leaves that open. */
export function fixedBatch(inputs: readonly InputSpec[]): number | null {
  const first = inputs.find(({ initializer }) => !initializer)?.shape?.[0];
  return typeof first === "number" ? first : null;
}

/** The inputs of a batch, brought to the size that a model insists on by repeating samples. */
export function filled({ inputs, size }: Batch, wanted: number): Feeds {
  if (size === wanted) return inputs;
  return Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, repeated(tensor, size, wanted)]));
}

function repeated(tensor: Tensor, size: number, wanted: number): Tensor {
  const bytes = tensor.bytes();
  const perSample = bytes.length / size;
  const all = new Uint8Array(perSample * wanted);
  for (let i = 0; i < wanted; i++) {
    const from = (i % size) * perSample;
    all.set(bytes.subarray(from, from + perSample), i * perSample);
  }
  return Tensor.fromBytes(tensor.dtype, [wanted, ...tensor.dims.slice(1)], all);
}
