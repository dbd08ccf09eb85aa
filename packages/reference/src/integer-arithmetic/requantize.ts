import { multiplierOutOfRange } from "../diagnostics.ts";
import { clamp, roundHalfEven } from "../rounding.ts";
import { decompose24, shiftHalfAway, shiftHalfUp } from "./fixed-point.ts";
import type { AffineOutput, ProductScales, Requantize } from "./types.ts";

/** `m = f32(f32(x·w)/y)`: the multiplier as ONNX Runtime and XNNPACK compute it. */
function floatMultiplier(product: ProductScales, y: AffineOutput): number {
  return Math.fround(Math.fround(product.x * product.w) / y.scale);
}

/** `rne(clamp(f32(f32(acc)·m), low - zy, high - zy)) + zy`. */
export const requantizeFloat: Requantize = (product, y) => {
  const multiplier = floatMultiplier(product, y);
  const [low, high] = y.range;
  return (accumulator) => {
    const scaled = Math.fround(Math.fround(accumulator) * multiplier);
    return roundHalfEven(clamp(scaled, low - y.zeroPoint, high - y.zeroPoint)) + y.zeroPoint;
  };
};

/**
 * `m = mantissa·2^-31·2^-shift` with m in [2^-32, 1): the high half of the doubled product, ties upward, then a
 * rounding shift, ties away from zero.
 */
export const requantizeQnnpack: Requantize = (product, y) => {
  const multiplier = floatMultiplier(product, y);
  if (!(multiplier >= 2 ** -32 && multiplier < 1)) throw multiplierOutOfRange("QNNPACK", multiplier, "[2^-32, 1)");
  const parts = decompose24(multiplier);
  const mantissa = BigInt(parts.mantissa) << 7n;
  return (accumulator) => {
    const high = shiftHalfUp(BigInt(accumulator) * mantissa, 31);
    return finish(shiftHalfAway(high, parts.shift - 24), y);
  };
};

/**
 * A Q31 multiplier `round(fraction·2^31)` with a power of two, as TensorFlow Lite makes it from the double
 * `x·w / y`: saturating rounding doubling high multiplication, ties upward, then a rounding shift, ties away from zero.
 */
export const requantizeGemmlowp: Requantize = (product, y) => {
  const multiplier = (product.x * product.w) / y.scale;
  if (!(multiplier > 0 && multiplier < 2 ** 30)) throw multiplierOutOfRange("gemmlowp", multiplier, "(0, 2^30)");
  let exponent = Math.floor(Math.log2(multiplier)) + 1;
  let fraction = Math.round((multiplier / 2 ** exponent) * 2 ** 31);
  if (fraction === 2 ** 31) {
    fraction /= 2;
    exponent++;
  }
  const left = Math.max(exponent, 0);
  const right = Math.max(-exponent, 0);
  return (accumulator) => {
    const shifted = saturate32(BigInt(accumulator) << BigInt(left));
    return finish(shiftHalfAway(doublingHighProduct(shifted, BigInt(fraction)), right), y);
  };
};

/** `(acc·mantissa + half) >> shift` with a 24-bit mantissa: one rounding, ties toward positive infinity. */
export const requantizeRndnu: Requantize = (product, y) => {
  const multiplier = floatMultiplier(product, y);
  if (!(multiplier >= 2 ** -32 && multiplier < 256)) throw multiplierOutOfRange("XNNPACK", multiplier, "[2^-32, 256)");
  const { mantissa, shift } = decompose24(multiplier);
  return (accumulator) => finish(shiftHalfUp(BigInt(accumulator) * BigInt(mantissa), shift), y);
};

/** `round(a·b / 2^31)`, the way gemmlowp writes it: a nudged sum, then truncation, which takes ties upward. */
function doublingHighProduct(a: bigint, b: bigint): bigint {
  const product = a * b;
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return saturate32((product + nudge) / (1n << 31n));
}

function saturate32(value: bigint): bigint {
  const high = (1n << 31n) - 1n;
  return value > high ? high : value < -high - 1n ? -high - 1n : value;
}

function finish(scaled: bigint, y: AffineOutput): number {
  return clamp(Number(scaled) + y.zeroPoint, y.range[0], y.range[1]);
}
