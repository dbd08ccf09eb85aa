import type { LayerResults } from "./rounding-problem.ts";

/**
 * The squared error of a layer's results while its rounded weights change a few at a time: Σ (w·x - ŵ·x)² = Σ d·(Σ x·xᵀ)·dᵀ
 * over its rows, with d = w - ŵ.
 */
export class ErrorState {
  readonly #layer: LayerResults;
  readonly #differences: Float64Array;
  /** (Σ x·xᵀ)·d, row by row. */
  readonly #pulls: Float64Array;
  #error = 0;

  constructor(layer: LayerResults, rounded: Float64Array) {
    this.#layer = layer;
    this.#differences = layer.weights.map((weight, i) => weight - rounded[i]!);
    this.#pulls = new Float64Array(rounded.length);
    const { columns } = layer;
    for (let start = 0; start < rounded.length; start += columns) {
      const d = this.#differences.subarray(start, start + columns);
      for (let i = 0; i < columns; i++) {
        const pull = this.#pulled(start, i, d, 0);
        this.#pulls[start + i] = pull;
        this.#error += d[i]! * pull;
      }
    }
  }

  get error(): number {
    return this.#error;
  }

  /** By how much the error changes when elements, given in ascending order, take other values. */
  changeFor(indices: readonly number[], values: Float64Array): number {
    let change = 0;
    for (const { start, from, steps } of this.#runs(indices, values)) {
      for (const [i, step] of steps.entries()) {
        change += step * (2 * this.#pulls[start + from + i]! + this.#pulled(start, from + i, steps, from));
      }
    }
    return change;
  }

  /** Gives elements, in ascending order, other values. */
  set(indices: readonly number[], values: Float64Array): void {
    const change = this.changeFor(indices, values);
    for (const { start, from, steps } of this.#runs(indices, values)) {
      for (let i = 0; i < this.#layer.columns; i++) this.#pulls[start + i]! += this.#pulled(start, i, steps, from);
      steps.forEach((step, i) => (this.#differences[start + from + i]! += step));
    }
    this.#error += change;
  }

  /** One row of Σ x·xᵀ times a run of differences that begins at a column. @param start of the layer's row */
  #pulled(start: number, column: number, run: Float64Array, from: number): number {
    const { rows, columns, products } = this.#layer;
    const group = Math.floor(start / (rows * columns));
    const at = (group * columns + column) * columns + from;
    let sum = 0;
    for (let j = 0; j < run.length; j++) sum += products[at + j]! * run[j]!;
    return sum;
  }

  /** The changes of the differences, in one run of columns for each row that has any. */
  *#runs(
    indices: readonly number[],
    values: Float64Array,
  ): Iterable<{ readonly start: number; readonly from: number; readonly steps: Float64Array }> {
    const { weights, columns } = this.#layer;
    for (let first = 0; first < indices.length;) {
      const start = indices[first]! - (indices[first]! % columns);
      let end = first;
      while (end < indices.length && indices[end]! < start + columns) end++;
      const from = indices[first]! - start;
      const steps = new Float64Array(indices[end - 1]! - start - from + 1);
      for (let at = first; at < end; at++) {
        const index = indices[at]!;
        steps[index - start - from] = weights[index]! - values[at]! - this.#differences[index]!;
      }
      yield { start, from, steps };
      first = end;
    }
  }
}
