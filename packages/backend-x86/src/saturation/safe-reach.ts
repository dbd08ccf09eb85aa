import type { Tensor } from "@lowbit/ir";
import type { ProductRows } from "./product-rows.ts";
import { canSaturate, largestPair } from "./saturating-rows.ts";

/**
 * The largest r in 64 to 127 for which symmetric codes -r..r of these weights cannot saturate: 127 where neighbours are
 * never large with one sign, 64 (7 bits) at worst, which is safe for any weights.
 */
export function safeReach(weights: Tensor, rows: ProductRows, perChannel: boolean): number {
  const elements = weights.numbers();
  const largest = Array.from({ length: rows.count }, (_, row) => {
    let most = 0;
    for (let k = 0; k < rows.depth; k++) most = Math.max(most, Math.abs(elements[rows.at(row, k)]!));
    return most;
  });
  const overall = largest.reduce((most, each) => Math.max(most, each), 0);
  let reach = 127;
  for (const [row, own] of largest.entries()) {
    const most = perChannel ? own : overall;
    if (most === 0) continue;
    // Codes shrink with the reach, one by one, so a row that is safe stays safe when another needs less.
    while (reach > largestPair / 2 && canSaturate(rows, row, coder(elements, Math.fround(most / reach)))) reach--;
  }
  return reach;
}

function coder(elements: ArrayLike<number>, scale: number): (index: number) => number {
  return (index) => Math.round(Math.abs(elements[index]!) / scale) * Math.sign(elements[index]!);
}
