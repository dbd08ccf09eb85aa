import type { Batch, BatchOptions, Dataset } from "@lowbit/train";

/** Fewest samples that are worth holding out. */
const fewest = 64;

/**
 * The part of a data set that a calibration with its first samples, in shuffled order, has not seen; null where too little
 * is left, or its size is unknown.
 */
export function heldOut(data: Dataset, calibrated: number): Dataset | null {
  if (data.size === null || data.size - calibrated < fewest) return null;
  return {
    size: data.size - calibrated,
    hasTargets: data.hasTargets,
    batches: (options) => behind(data, calibrated, options),
  };
}

async function* behind(data: Dataset, count: number, options: BatchOptions): AsyncGenerator<Batch> {
  const { batch: size, samples } = options;
  let seen = 0;
  // Batches that the calibration saw a part of are left out as a whole.
  const all = samples === undefined ? {} : { samples: Math.min(data.size!, Math.ceil(count / size) * size + samples) };
  for await (const batch of data.batches({ ...options, ...all })) {
    seen += batch.size;
    if (seen - batch.size >= count) yield batch;
  }
}
