import { clamp, roundHalfEven } from "../rounding.ts";
import type { Affine, AffineOutput, Multiply } from "./types.ts";

function ratioOf(a: Affine, b: Affine, y: AffineOutput): number {
  return Math.fround(Math.fround(a.scale * b.scale) / y.scale);
}

/**
 * MLAS on x86-64: `sat(rne(f32(f32((a - za)(b - zb)·r) + zy)))` with `r = f32(f32(sa·sb)/sy)`; the zero point is added
 * before the rounding.
 */
export const multiplyFloat: Multiply = (a, b, y) => {
  const ratio = ratioOf(a, b, y);
  return (qa, qb) => {
    const product = Math.fround((qa - a.zeroPoint) * (qb - b.zeroPoint) * ratio);
    return clamp(roundHalfEven(Math.fround(product + y.zeroPoint)), y.range[0], y.range[1]);
  };
};

/** MLAS on ARM64: the same with one rounding for product and sum, `sat(rne(fma((a - za)(b - zb), r, zy)))`. */
export const multiplyFused: Multiply = (a, b, y) => {
  const ratio = ratioOf(a, b, y);
  return (qa, qb) => {
    // A product of codes times a float32, plus a code, is exact in float64: rounding it once is the fused operation.
    const sum = Math.fround((qa - a.zeroPoint) * (qb - b.zeroPoint) * ratio + y.zeroPoint);
    return clamp(roundHalfEven(sum), y.range[0], y.range[1]);
  };
};
