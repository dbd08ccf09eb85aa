import { roundHalfEven } from "../round-half-even.ts";
import { leastError, type RangeSearch } from "./range-search.ts";

/** The range with the least squared error when the middle of every bin is really quantized. */
export const mseRange: RangeSearch = (histogram, spec) => {
  const [qmin, qmax] = spec.range;
  const bins = [...histogram.counts.keys()].filter((bin) => histogram.counts[bin]! > 0);
  const centers = bins.map((bin) => histogram.center(bin));
  const counts = bins.map((bin) => histogram.counts[bin]!);
  return leastError(histogram, spec, (low, high) => {
    const scale = Math.max((high - low) / (qmax - qmin), spec.eps);
    const offset = spec.symmetric ? roundHalfEven((qmin + qmax) / 2) : qmin - roundHalfEven(low / scale);
    const zeroPoint = Math.min(Math.max(offset, qmin), qmax);
    let error = 0;
    for (const [i, x] of centers.entries()) {
      const code = Math.min(Math.max(roundHalfEven(x / scale) + zeroPoint, qmin), qmax);
      error += counts[i]! * (x - (code - zeroPoint) * scale) ** 2;
    }
    return error;
  });
};
