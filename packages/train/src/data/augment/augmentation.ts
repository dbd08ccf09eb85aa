import type { Batch } from "../dataset.ts";
import { randomStream } from "../random.ts";

/** Uniform numbers in [0, 1) for one sample of a batch; each call of the function it returns gives the next one. */
export type RandomOf = (sample: number) => () => number;

/** Changes batches on their way into training: another view of the same samples in every epoch. */
export interface Augmentation {
  /** Names the kind and all its settings: a checkpoint goes on only where the names are the same. */
  readonly name: string;
  /**
   * Returns a batch of the same size and shapes; the one it gets stays as it is. What is random must come from `random`
   * only: it is seeded by the run's seed, the epoch and the sample's place in the epoch, so that neither batch size nor
   * a stop in between changes what a sample becomes.
   */
  augment(batch: Batch, random: RandomOf): Batch | Promise<Batch>;
}

/** Which samples of a run are augmented. */
export interface AugmentedPart {
  readonly seed: number;
  readonly epoch: number;
  /** Place of the first sample in its epoch. */
  readonly first: number;
}

/** Batches after all augmentations, in order. */
export async function* augmented(
  batches: AsyncIterable<Batch>,
  augmentations: readonly Augmentation[],
  { seed, epoch, first }: AugmentedPart,
): AsyncGenerator<Batch> {
  let place = first;
  for await (const batch of batches) {
    let changed = batch;
    for (const [index, augmentation] of augmentations.entries()) {
      const start = place;
      changed = await augmentation.augment(changed, (sample) =>
        randomStream(mixed([seed, epoch, start + sample, index])),
      );
    }
    place += batch.size;
    yield changed;
  }
}

/** Whole numbers as one of 32 bits, so that neighbours give unrelated streams (the finalizer of MurmurHash3, A. Appleby). */
function mixed(numbers: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}
