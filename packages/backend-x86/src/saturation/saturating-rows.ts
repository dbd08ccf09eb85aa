import type { ProductRows } from "./product-rows.ts";

/** The most that codes of one sign may add up to in a pair: ⌊32767 / 255⌋, as uint8 codes reach 255 and sums int16. */
export const largestPair = 128;

/**
 * Whether for some activations the sum of two neighbouring products leaves int16: `vpmaddubsw` adds products 2k and 2k + 1
 * with saturation. Activations of 255 under weights of one sign and 0 under the other are the worst.
 */
export function canSaturate(rows: ProductRows, row: number, code: (index: number) => number): boolean {
  for (let k = 0; k < rows.depth; k += 2) {
    const first = code(rows.at(row, k));
    const second = k + 1 < rows.depth ? code(rows.at(row, k + 1)) : 0;
    if (Math.max(first, 0) + Math.max(second, 0) > largestPair) return true;
    if (Math.min(first, 0) + Math.min(second, 0) < -largestPair) return true;
  }
  return false;
}
