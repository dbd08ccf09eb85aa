import { invariant } from "@lowbit/ir";
import type { Range } from "../calibrate/ranges.ts";

/** What a moving average holds, for a file. */
export interface MovingAverageJson {
  readonly batches: number;
  readonly first: readonly number[];
  readonly average: readonly number[];
}

/**
 * Averages of the smallest and largest values of batches, in which the newest batch has a constant weight:
 * a := a + c · (x - a), from the first batch on (as in PyTorch's MovingAverageMinMaxObserver).
 */
export class MovingAverage {
  readonly constant: number;
  #batches = 0;
  /** The minima and then the maxima, of the first batch and on the average. */
  #first: readonly number[] = [];
  #average: readonly number[] = [];

  constructor(constant: number) {
    this.constant = constant;
  }

  observe(min: ArrayLike<number>, max: ArrayLike<number>): void {
    const now = [...Array.from(min), ...Array.from(max)];
    if (this.#batches === 0) this.#first = this.#average = now;
    else this.#average = this.#average.map((old, i) => old + this.constant * (now[i]! - old));
    this.#batches++;
  }

  /** Takes in what another one has seen, as if its batches had come after the own ones. */
  merge(other: MovingAverage): void {
    invariant(other.constant === this.constant, "merging moving averages with different constants");
    if (other.#batches === 0) return;
    if (this.#batches === 0) {
      this.#first = other.#first;
      this.#average = other.#average;
    } else {
      // What the other one still has of its first batch at full weight, the own average has instead.
      const left = (1 - this.constant) ** other.#batches;
      this.#average = this.#average.map((old, i) => other.#average[i]! + left * (old - other.#first[i]!));
    }
    this.#batches += other.#batches;
  }

  /** Null before the first batch. */
  range(): Range | null {
    if (this.#batches === 0) return null;
    const ends = this.#average.map(Math.fround);
    return { min: ends.slice(0, ends.length / 2), max: ends.slice(ends.length / 2) };
  }

  toJson(): MovingAverageJson {
    return { batches: this.#batches, first: this.#first, average: this.#average };
  }

  static fromJson(constant: number, { batches, first, average }: MovingAverageJson): MovingAverage {
    const made = new MovingAverage(constant);
    made.#batches = batches;
    made.#first = first;
    made.#average = average;
    return made;
  }
}
