import { mapToFloat32, mapToUint8 } from "./map-elements.ts";
import { exponentOf } from "./minifloat.ts";

/** How `numberToFloat8e8m0` rounds between two powers of two: `nearest` takes the upper one from 1.5 times the lower on. */
export type E8m0Rounding = "up" | "down" | "nearest";

const bias = 127;
const nan = 0xff;
const max = 0xfe;

/** The value of E8M0 bits, a power of two from 2^-127 to 2^127; 0xff is NaN. */
export function float8e8m0ToNumber(bits: number): number {
  return bits === nan ? NaN : 2 ** (bits - bias);
}

/**
 * E8M0 bits of `x`. Beyond the range (zero and infinity included): the nearest end if `saturate`, else NaN.
 * ONNX leaves negative numbers open; they give NaN.
 */
export function numberToFloat8e8m0(x: number, rounding: E8m0Rounding = "up", saturate = true): number {
  if (Number.isNaN(x) || x < 0) return nan;
  if (x === Infinity) return saturate ? max : nan;
  const bits = x === 0 ? -1 : roundedExponent(x, rounding) + bias;
  if (bits >= 0 && bits <= max) return bits;
  if (!saturate) return nan;
  return bits < 0 ? 0 : max;
}

function roundedExponent(x: number, rounding: E8m0Rounding): number {
  const exponent = Math.max(exponentOf(x), -1022);
  const mantissa = x / 2 ** exponent;
  if (rounding === "up") return mantissa > 1 ? exponent + 1 : exponent;
  return rounding === "nearest" && mantissa >= 1.5 ? exponent + 1 : exponent;
}

/** Values of E8M0 bits. */
export function float8e8m0ToFloat32Array(bits: Uint8Array): Float32Array {
  return mapToFloat32(bits, float8e8m0ToNumber);
}

/** E8M0 bits of numbers. */
export function toFloat8e8m0Array(
  values: ArrayLike<number>,
  rounding: E8m0Rounding = "up",
  saturate = true,
): Uint8Array {
  return mapToUint8(values, (value) => numberToFloat8e8m0(value, rounding, saturate));
}
