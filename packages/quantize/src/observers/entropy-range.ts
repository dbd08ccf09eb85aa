import type { Histogram } from "./histogram.ts";
import type { RangeSearch } from "./range-search.ts";

/**
 * The range whose codes tell most about the values: the cut at a magnitude T that minimizes the Kullback-Leibler
 * divergence between the cut distribution of magnitudes and the same one seen through the codes (after Migacz, "8-bit
 * inference with TensorRT", GTC 2017).
 */
export const entropyRange: RangeSearch = (histogram, spec) => {
  const magnitudes = foldedAtZero(histogram);
  const codes = spec.range[1] - spec.range[0] + 1;
  const isOneSided = !spec.symmetric && (histogram.min >= 0 || histogram.max <= 0);
  const levels = isOneSided ? codes : Math.floor(codes / 2);
  let [best, least] = [magnitudes.length, Infinity];
  for (let size = Math.min(levels, magnitudes.length); size <= magnitudes.length; size++) {
    const divergence = divergenceOf(magnitudes, size, levels);
    if (divergence < least) [best, least] = [size, divergence];
  }
  const reach = best * histogram.width;
  return [Math.max(histogram.min, -reach), Math.min(histogram.max, reach)];
};

/** Counts by magnitude, in bins of the histogram's width that start at 0. */
function foldedAtZero(histogram: Histogram): Float64Array {
  const reach = Math.max(-histogram.min, histogram.max, histogram.width);
  const folded = new Float64Array(Math.ceil(reach / histogram.width) + 1);
  histogram.counts.forEach((count, bin) => {
    folded[Math.floor(Math.abs(histogram.center(bin)) / histogram.width)]! += count;
  });
  return folded;
}

/** The divergence between the first `size` bins, with all mass beyond in the last, and their form in `levels` codes. */
function divergenceOf(counts: Float64Array, size: number, levels: number): number {
  let beyond = 0;
  for (let bin = size; bin < counts.length; bin++) beyond += counts[bin]!;
  let [total, seen] = [beyond, 0];
  for (let bin = 0; bin < size; bin++) total += counts[bin]!;
  seen = total - beyond;
  if (seen === 0) return Infinity;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const [from, to] = [Math.floor((level * size) / levels), Math.floor(((level + 1) * size) / levels)];
    let [mass, used] = [0, 0];
    for (let bin = from; bin < to; bin++) {
      mass += counts[bin]!;
      if (counts[bin]! > 0) used++;
    }
    for (let bin = from; bin < to; bin++) {
      const p = (counts[bin]! + (bin === size - 1 ? beyond : 0)) / total;
      if (p === 0) continue;
      const q = used === 0 || counts[bin] === 0 ? Number.MIN_VALUE : mass / used / seen;
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}
