import type { Histogram } from "./histogram.ts";
import { leastError, type RangeSearch } from "./range-search.ts";

/**
 * The range with the least expected squared error: rounding inside is uniform noise of variance s²/12, values outside are
 * cut off at the ends.
 */
export const l2Range: RangeSearch = (histogram, spec) => {
  const moments = momentsOf(histogram);
  const levels = spec.range[1] - spec.range[0];
  return leastError(histogram, spec, (low, high) => {
    const scale = (high - low) / levels;
    const [below, above] = [binAt(histogram, low), binAt(histogram, high)];
    const inside = moments.count[above]! - moments.count[below]!;
    const cut =
      squaredDistance(moments, 0, below, low) + squaredDistance(moments, above, histogram.counts.length, high);
    return (inside * scale * scale) / 12 + cut;
  });
};

/** Sums over the bins before each bin: of counts, of values, of squared values. */
interface Moments {
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly square: Float64Array;
}

function momentsOf(histogram: Histogram): Moments {
  const size = histogram.counts.length + 1;
  const [count, sum, square] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  histogram.counts.forEach((n, bin) => {
    const x = histogram.center(bin);
    count[bin + 1] = count[bin]! + n;
    sum[bin + 1] = sum[bin]! + n * x;
    square[bin + 1] = square[bin]! + n * x * x;
  });
  return { count, sum, square };
}

/** The sum of (x - end)² over the bins in [from, to). */
function squaredDistance({ count, sum, square }: Moments, from: number, to: number, end: number): number {
  const n = count[to]! - count[from]!;
  return square[to]! - square[from]! - 2 * end * (sum[to]! - sum[from]!) + n * end * end;
}

/** The bin whose lower edge is nearest to a value. */
function binAt(histogram: Histogram, value: number): number {
  const bin = Math.round((value - histogram.edge(0)) / histogram.width);
  return Math.min(Math.max(bin, 0), histogram.counts.length);
}
