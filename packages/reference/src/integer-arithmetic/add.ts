import { clamp, roundHalfEven } from "../rounding.ts";
import { shiftHalfAway } from "./fixed-point.ts";
import type { Add } from "./types.ts";

/**
 * MLAS on x86-64, in float32 with fused multiply-add: with `ra = f32(sa/sy)`, `rb = f32(sb/sy)` and
 * `c = f32(zy - fma(ra, za, f32(rb·zb)))` the sum is `sat(rne(fma(a, ra, fma(b, rb, c))))`.
 */
export const addFloat: Add = (a, b, y) => {
  const ra = Math.fround(a.scale / y.scale);
  const rb = Math.fround(b.scale / y.scale);
  const fixed = Math.fround(y.zeroPoint - Math.fround(ra * a.zeroPoint + Math.fround(rb * b.zeroPoint)));
  return (qa, qb) => {
    // A code times a float32 is exact in float64, so rounding the sum once is the fused operation.
    const sum = Math.fround(qa * ra + Math.fround(qb * rb + fixed));
    return clamp(roundHalfEven(sum), y.range[0], y.range[1]);
  };
};

/**
 * QNNPACK's 22-bit fixed point (MLAS on ARM64 too): `shift = 21 - floor(log2(max(ra, rb)))`,
 * `t = (a - za)·rne(ra·2^shift) + (b - zb)·rne(rb·2^shift)`, shifted right with ties away from zero.
 * Ratios outside [2^-14, 2^8) are computed in float instead.
 */
export const addFixedPoint22: Add = (a, b, y) => {
  const ra = Math.fround(a.scale / y.scale);
  const rb = Math.fround(b.scale / y.scale);
  if (Math.min(ra, rb) < 2 ** -14 || Math.max(ra, rb) >= 2 ** 8) return addFloat(a, b, y);
  const shift = 21 - Math.floor(Math.log2(Math.max(ra, rb)));
  const ma = roundHalfEven(ra * 2 ** shift);
  const mb = roundHalfEven(rb * 2 ** shift);
  return (qa, qb) => {
    const sum = (qa - a.zeroPoint) * ma + (qb - b.zeroPoint) * mb;
    return clamp(Number(shiftHalfAway(BigInt(sum), shift)) + y.zeroPoint, y.range[0], y.range[1]);
  };
};
