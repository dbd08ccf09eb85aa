import { inverseUpper } from "./cholesky.ts";
import type { RoundingProblem } from "./rounding-problem.ts";

/** Share of the mean second moment that is added to each, so that the inverse exists (Frantar et al. 2022, section 3.3). */
const dampening = 0.01;

/**
 * The numbers of the grid that GPTQ gives to weights: column by column, each row takes the nearest number and moves the
 * columns not decided yet so that they make up for the error on the inputs (Frantar et al., "GPTQ", 2022, eq. 2 and
 * algorithm 1). Columns go in the order of falling second moments, which the authors added later as "act order"; it costs
 * nothing where scales are known beforehand.
 */
export function gptqRows({ weights, groups, rows, columns, products, nearest }: RoundingProblem): Float64Array {
  const rounded = new Float64Array(weights.length);
  for (let group = 0; group < groups; group++) {
    const moments = products.subarray(group * columns * columns, (group + 1) * columns * columns);
    const order = columnOrder(moments, columns);
    const upper = dampenedInverse(moments, order, columns);
    for (let row = 0; row < rows; row++) {
      const start = (group * rows + row) * columns;
      const left = Float64Array.from(order, (column) => weights[start + column]!);
      for (const [j, column] of order.entries()) {
        const value = nearest(left[j]!, start + column);
        rounded[start + column] = value;
        if (!upper) continue;
        const error = (left[j]! - value) / upper[j * columns + j]!;
        for (let k = j + 1; k < columns; k++) left[k]! -= error * upper[j * columns + k]!;
      }
    }
  }
  return rounded;
}

function columnOrder(moments: Float64Array, columns: number): readonly number[] {
  const diagonal = Array.from({ length: columns }, (_, j) => moments[j * columns + j]!);
  return diagonal.map((_, j) => j).toSorted((a, b) => diagonal[b]! - diagonal[a]! || a - b);
}

/** U of the dampened moments in the given order; null for inputs that are all 0. */
function dampenedInverse(moments: Float64Array, order: readonly number[], columns: number): Float64Array | null {
  const mean = order.reduce((sum, j) => sum + moments[j * columns + j]!, 0) / columns;
  if (!(mean > 0)) return null;
  const matrix = new Float64Array(columns * columns);
  for (const [i, a] of order.entries()) {
    for (const [j, b] of order.entries()) matrix[i * columns + j] = moments[a * columns + b]!;
    matrix[i * columns + i]! += dampening * mean;
  }
  return inverseUpper(matrix, columns);
}
