/** Sums of products of codes with their zero points taken out, as an int32 that wraps around. */
export type IntegerDot = (
  x: Int32Array,
  xStart: number,
  w: Int32Array,
  wStart: number,
  count: number,
  xZeroPoint: number,
  wZeroPoint: number,
) => number;

/** `Σ (x - zx)(w - zw)`, exact and then wrapped: what int32 accumulators give in any order. */
export const exactDot: IntegerDot = (x, xStart, w, wStart, count, xZeroPoint, wZeroPoint) => {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += (x[xStart + k]! - xZeroPoint) * (w[wStart + k]! - wZeroPoint);
  return sum | 0;
};

/**
 * The sum with raw codes first, `Σ x·w - zx·Σw - zw·Σx + count·zx·zw`, where each pair `x₂ₖw₂ₖ + x₂ₖ₊₁w₂ₖ₊₁` saturates
 * at int16, as `vpmaddubsw` does.
 */
export const saturatingDot: IntegerDot = (x, xStart, w, wStart, count, xZeroPoint, wZeroPoint) => {
  let products = 0;
  let xSum = 0;
  let wSum = 0;
  for (let k = 0; k < count; k += 2) {
    const [x0, w0] = [x[xStart + k]!, w[wStart + k]!];
    const [x1, w1] = k + 1 < count ? [x[xStart + k + 1]!, w[wStart + k + 1]!] : [0, 0];
    products += Math.max(-32768, Math.min(32767, x0 * w0 + x1 * w1));
    xSum += x0 + x1;
    wSum += w0 + w1;
  }
  return (products - xZeroPoint * wSum - wZeroPoint * xSum + count * xZeroPoint * wZeroPoint) | 0;
};
