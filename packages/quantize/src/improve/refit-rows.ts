import { cholesky } from "./cholesky.ts";
import { together, type RefitMoments } from "./refit-moments.ts";

/** The weights of a layer as [groups, rows, columns], and the bias of each row. */
export interface FittedRows {
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** A layer before it is refitted. */
export interface RefitProblem extends FittedRows {
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** Whether the biases may change too. */
  readonly biasIsFree: boolean;
  readonly halves: readonly [RefitMoments, RefitMoments];
}

/** Shares of the second moment of each input by which weights are held to what they were; infinity changes biases only. */
const strengths = [1e-3, 1e-2, 1e-1, Infinity];

/**
 * Weights and biases whose results on the inputs x̂ that a layer gets as deployed come closest to its float results y:
 * W + Δ with Δ = Σ(y - Wx̂)·x̂ᵀ·(Σ x̂·x̂ᵀ + λ·diag)⁻¹, about the means where biases are free. λ is the one whose fit to each half
 * of the data is best on the other half; weights stay as they are where none is.
 */
export function refitRows(problem: RefitProblem): FittedRows {
  const [first, second] = problem.halves;
  const unchanged = lossOn(problem, second, problem) + lossOn(problem, first, problem);
  let [best, least]: [number | null, number] = [null, unchanged];
  for (const strength of strengths) {
    const [a, b] = [fit(problem, first, strength), fit(problem, second, strength)];
    if (!a || !b) continue;
    const loss = lossOn(a, second, problem) + lossOn(b, first, problem);
    if (loss < least) [best, least] = [strength, loss];
  }
  const { weights, biases } = problem;
  return best === null ? { weights, biases } : (fit(problem, together(first, second), best) ?? { weights, biases });
}

/** The biases with which rounded weights give the mean results of the float layer. */
export function biasesFor(problem: RefitProblem, weights: Float64Array): Float64Array {
  const { inputs, sums, count } = together(...problem.halves);
  return sums.map((sum, row) => (sum - dot(weights, inputs, row, problem)) / count);
}

/** Σ x̂·x̂ᵀ, about the means where biases take these in: [groups, columns, columns]. */
export function spreadOf({ columns, biasIsFree, halves }: RefitProblem): Float64Array {
  const { products, inputs, count } = together(...halves);
  if (!biasIsFree) return products;
  return products.map((product, i) => {
    const [group, place] = [Math.floor(i / columns ** 2), i % columns ** 2];
    const [a, b] = [Math.floor(place / columns), place % columns];
    return product - (inputs[group * columns + a]! * inputs[group * columns + b]!) / count;
  });
}

/** Σ |y - Wx̂ - b|² but for Σ |y|². */
function lossOn({ weights, biases }: FittedRows, moments: RefitMoments, problem: RefitProblem): number {
  const { columns, rows } = problem;
  const { products, inputs, results, sums, count } = moments;
  let loss = 0;
  for (const [row, bias] of biases.entries()) {
    const group = Math.floor(row / rows);
    for (let i = 0; i < columns; i++) {
      const weight = weights[row * columns + i]!;
      if (weight === 0) continue;
      let pulled = 2 * bias * inputs[group * columns + i]! - 2 * results[row * columns + i]!;
      const at = (group * columns + i) * columns;
      for (let j = 0; j < columns; j++) pulled += products[at + j]! * weights[row * columns + j]!;
      loss += weight * pulled;
    }
    loss += bias * (bias * count - 2 * sums[row]!);
  }
  return loss;
}

function fit(problem: RefitProblem, moments: RefitMoments, strength: number): FittedRows | null {
  const { weights, biases, groups, rows, columns, biasIsFree } = problem;
  const { products, inputs, results, sums, count } = moments;
  if (strength === Infinity && !biasIsFree) return null;
  const fitted = Float64Array.from(weights);
  const spread = new Float64Array(columns * columns);
  for (let group = 0; group < groups && strength < Infinity; group++) {
    const mean = (i: number): number => (biasIsFree ? inputs[group * columns + i]! / count : 0);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        const product = products[(group * columns + i) * columns + j]!;
        spread[i * columns + j] = product - count * mean(i) * mean(j);
      }
    }
    const trace = Array.from({ length: columns }, (_, i) => spread[i * columns + i]!).reduce((a, b) => a + b, 0);
    if (!(trace > 0)) continue;
    const held = Float64Array.from(spread);
    for (let i = 0; i < columns; i++) {
      held[i * columns + i] = held[i * columns + i]! * (1 + strength) + (1e-9 * trace) / columns;
    }
    const lower = cholesky(held, columns);
    if (!lower) return null;
    for (let row = group * rows; row < (group + 1) * rows; row++) {
      const own = weights.subarray(row * columns, (row + 1) * columns);
      const rest = Float64Array.from(own, (_, i) => {
        // Without a free bias, what the bias gives is no part of what weights are to give.
        const wanted = biasIsFree
          ? results[row * columns + i]! - sums[row]! * mean(i)
          : results[row * columns + i]! - biases[row]! * inputs[group * columns + i]!;
        let given = 0;
        for (let j = 0; j < columns; j++) given += spread[i * columns + j]! * own[j]!;
        return wanted - given;
      });
      solve(lower, rest, columns);
      for (let i = 0; i < columns; i++) fitted[row * columns + i]! += rest[i]!;
    }
  }
  if (!biasIsFree) return { weights: fitted, biases };
  return { weights: fitted, biases: sums.map((sum, row) => (sum - dot(fitted, inputs, row, problem)) / count) };
}

/** w · Σ x̂ of a row. */
function dot(weights: Float64Array, inputs: Float64Array, row: number, { rows, columns }: RefitProblem): number {
  const group = Math.floor(row / rows);
  let sum = 0;
  for (let i = 0; i < columns; i++) sum += weights[row * columns + i]! * inputs[group * columns + i]!;
  return sum;
}

/** Solves L·Lᵀ·x = b in place. */
function solve(lower: Float64Array, b: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    let rest = b[i]!;
    for (let k = 0; k < i; k++) rest -= lower[i * size + k]! * b[k]!;
    b[i] = rest / lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let rest = b[i]!;
    for (let k = i + 1; k < size; k++) rest -= lower[k * size + i]! * b[k]!;
    b[i] = rest / lower[i * size + i]!;
  }
}
