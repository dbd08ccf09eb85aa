import { clamp, roundHalfEven } from "../rounding.ts";
import { decompose24, shiftHalfAway } from "./fixed-point.ts";
import type { Average } from "./types.ts";

/** `rne(f32(f32(sum - count·zx)·f32(sx / f32(sy·count))))`, clamped, as MLAS does on x86-64 and ARM64. */
export const averageFloat: Average = (x, y, count) => {
  const multiplier = Math.fround(x.scale / Math.fround(y.scale * count));
  const [low, high] = y.range;
  return (sum) => {
    const scaled = Math.fround(Math.fround(sum - count * x.zeroPoint) * multiplier);
    return roundHalfEven(clamp(scaled, low - y.zeroPoint, high - y.zeroPoint)) + y.zeroPoint;
  };
};

/** The same with the multiplier's 24-bit mantissa in 64-bit integers, ties away from zero (QNNPACK). */
export const averageFixedPoint24: Average = (x, y, count) => {
  const { mantissa, shift } = decompose24(Math.fround(x.scale / Math.fround(y.scale * count)));
  return (sum) => {
    const scaled = shiftHalfAway(BigInt(sum - count * x.zeroPoint) * BigInt(mantissa), shift);
    return clamp(Number(scaled) + y.zeroPoint, y.range[0], y.range[1]);
  };
};
