import type { Histogram } from "./histogram.ts";
import type { RangeSearch } from "./range-search.ts";

/** The range that holds `percentile` percent of the values, cutting off as many on either side. */
export function percentileRange(percentile: number): RangeSearch {
  const cut = (100 - percentile) / 200;
  return (histogram) => [
    Math.max(quantile(histogram, cut), histogram.min),
    Math.min(quantile(histogram, 1 - cut), histogram.max),
  ];
}

/** The value below which a share of all values lies, taken as evenly spread inside a bin. */
function quantile(histogram: Histogram, share: number): number {
  const wanted = share * histogram.total;
  let before = 0;
  for (const [bin, count] of histogram.counts.entries()) {
    const start = histogram.edge(bin);
    if (start === 0) {
      before += histogram.zeros;
      if (before >= wanted) return 0;
    }
    if (before + count >= wanted && count > 0) return start + ((wanted - before) / count) * histogram.width;
    before += count;
  }
  return histogram.max;
}
