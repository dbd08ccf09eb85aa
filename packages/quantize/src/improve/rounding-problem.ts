import type { WeightGrid } from "./weight-grid.ts";
import type { WeightRows } from "./weight-rows.ts";

/** The weights of a layer as [groups, rows, columns], and the second moments of the inputs that they meet. */
export interface LayerResults {
  readonly weights: Float64Array;
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** Σ x·xᵀ of the inputs of each group: [groups, columns, columns]. */
  readonly products: Float64Array;
}

/** The weights of a layer, and the grid that they are to be rounded to. */
export interface RoundingProblem extends LayerResults {
  /** The number of the grid nearest to a value at an element. */
  readonly nearest: (value: number, index: number) => number;
  /** The step of the grid at an element. */
  readonly step: (index: number) => number;
  /** The smallest and largest number of the grid at an element. */
  readonly reach: (index: number) => readonly [least: number, most: number];
}

/** What rounding did to the results of a layer: Σ (w·x - ŵ·x)² over all rows and inputs, before and after. */
export interface RoundingErrors {
  readonly nearest: number;
  readonly rounded: number;
}

/**
 * The rounding of a layer's weights to a grid.
 *
 * @param products Σ x·xᵀ of the inputs of each group: [groups, columns, columns]
 * @param weights as [groups, rows, columns]. Default: those that the layer has
 */
export function roundingProblem(
  layer: WeightRows,
  grid: WeightGrid,
  products: Float64Array,
  weights: Float64Array = layer.read(),
): RoundingProblem {
  const { groups, rows, columns } = layer;
  return {
    weights,
    groups,
    rows,
    columns,
    products,
    nearest: (value, index) => grid.nearest(value, layer.place(index)),
    step: (index) => grid.step(layer.place(index)),
    reach: (index) => grid.reach(layer.place(index)),
  };
}

/** Weights rounded to nearest. */
export function roundedToNearest({ weights, nearest }: RoundingProblem): Float64Array {
  return weights.map((weight, index) => nearest(weight, index));
}

/** Σ (w·x - ŵ·x)² of each row, which is d·(Σ x·xᵀ)·dᵀ with d = w - ŵ. */
export function rowErrors(problem: LayerResults, rounded: Float64Array): Float64Array {
  const { weights, groups, rows, columns, products } = problem;
  const errors = new Float64Array(groups * rows);
  for (const row of errors.keys()) {
    const start = row * columns;
    const group = Math.floor(row / rows) * columns * columns;
    for (let i = 0; i < columns; i++) {
      const d = weights[start + i]! - rounded[start + i]!;
      if (d === 0) continue;
      let sum = 0;
      const at = group + i * columns;
      for (let j = 0; j < columns; j++) sum += products[at + j]! * (weights[start + j]! - rounded[start + j]!);
      errors[row]! += d * sum;
    }
  }
  return errors;
}

/** Of two roundings the better one, row by row: rows do not touch each other's results. */
export function betterRows(
  problem: RoundingProblem,
  first: Float64Array,
  second: Float64Array,
): { readonly values: Float64Array; readonly errors: RoundingErrors } {
  const [a, b] = [rowErrors(problem, first), rowErrors(problem, second)];
  const values = first.map((value, index) => {
    const row = Math.floor(index / problem.columns);
    return b[row]! < a[row]! ? second[index]! : value;
  });
  const sum = (errors: Float64Array): number => errors.reduce((total, error) => total + error, 0);
  return { values, errors: { nearest: sum(a), rounded: sum(a.map((error, row) => Math.min(error, b[row]!))) } };
}
