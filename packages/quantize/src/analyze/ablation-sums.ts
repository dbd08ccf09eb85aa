import { decibels } from "./error-sums.ts";
import type { Ablation } from "./analysis.ts";

/** What one batch showed of a model: noise of its results against the float model, and metric times samples. */
export type BatchOutcome = readonly [noise: number, metric: number | null];

/** The outcomes of all ablations for one batch, by layers. */
export interface BatchOutcomes {
  /** The signal of the float model's results. */
  readonly signal: number;
  readonly samples: number;
  readonly quantizedAlone: readonly BatchOutcome[];
  readonly leftFloat: readonly BatchOutcome[];
}

/** Adds up outcomes over batches. */
export class OutcomeSum {
  #signal = 0;
  #noise = 0;
  #metric: number | null = null;
  #samples = 0;

  add([noise, metric]: BatchOutcome, { signal, samples }: Pick<BatchOutcomes, "signal" | "samples">): void {
    this.#signal += signal;
    this.#noise += noise;
    this.#samples += samples;
    if (metric !== null) this.#metric = (this.#metric ?? 0) + metric;
  }

  /** Takes in the outcomes that another one has. */
  merge(other: OutcomeSum): void {
    this.add([other.#noise, other.#metric], { signal: other.#signal, samples: other.#samples });
  }

  result(): Ablation {
    return {
      sqnr: decibels(this.#signal, this.#noise),
      metric: this.#metric === null ? null : this.#metric / this.#samples,
    };
  }
}
