import type { Range } from "../calibrate/ranges.ts";

/** The smallest and largest value of all batches, per channel where there are several. */
export class Extremes {
  #min: Float64Array | null = null;
  #max: Float64Array | null = null;

  observe(min: ArrayLike<number>, max: ArrayLike<number>): void {
    this.#min = Float64Array.from(min, (value, i) => Math.min(value, this.#min?.[i] ?? Infinity));
    this.#max = Float64Array.from(max, (value, i) => Math.max(value, this.#max?.[i] ?? -Infinity));
  }

  /** Takes in what others have seen. */
  merge(other: Extremes): void {
    if (other.#min && other.#max) this.observe(other.#min, other.#max);
  }

  /** Null before the first batch. */
  range(): Range | null {
    return this.#min && this.#max ? { min: [...this.#min], max: [...this.#max] } : null;
  }
}
