import { hostOrder } from "../wire/byte-order.ts";

/** A binary floating-point format of at most 16 bits; all have one sign bit on top. */
export interface Minifloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Bits of the largest finite value, without the sign. */
  readonly max: number;
  /** Bits of positive infinity; null if the format has none. */
  readonly infinity: number | null;
  /** Bits of the NaN that conversion gives; null if the format has none. */
  readonly nan: number | null;
  /** Whether there is a negative zero; the formats without use its bits for NaN. */
  readonly negativeZero: boolean;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const { low, high } = hostOrder;

/** floor(log2(x)) of a positive normal double; -1023 for smaller ones. */
export function exponentOf(x: number): number {
  double[0] = x;
  return ((words[high]! >>> 20) & 0x7ff) - 1023;
}

/** 2^exponent, -1022 to 1023. */
function powerOfTwo(exponent: number): number {
  words[low] = 0;
  words[high] = (exponent + 1023) << 20;
  return double[0]!;
}

/** Adding this to a number from 0 to 2^51 leaves no bits for a fraction: the sum is rounded, ties to even. */
const roundingShift = 2 ** 52;

/**
 * Bits of the magnitude `x` > 0, finite, rounded to nearest, ties to even, as if exponents had no upper limit.
 * Exponent and mantissa are one number, so a mantissa that rounds up to 2 carries into the exponent by itself.
 */
function roundMagnitude(format: Minifloat, x: number): number {
  const { mantissaBits, bias } = format;
  const exponent = Math.max(exponentOf(x), 1 - bias);
  const mantissa = x * powerOfTwo(mantissaBits - exponent) + roundingShift - roundingShift;
  return (exponent + bias - 1) * (1 << mantissaBits) + mantissa;
}

/**
 * Bits of `x` in the format: nearest, ties to even. What is larger than every finite value, infinity included, becomes
 * the largest finite one if `saturate`, else infinity, or NaN in a format without.
 */
export function numberToMinifloat(format: Minifloat, x: number, saturate: boolean): number {
  const signBit = 1 << (format.exponentBits + format.mantissaBits);
  if (Number.isNaN(x)) return format.nan ?? format.max;
  const sign = x < 0 || Object.is(x, -0) ? signBit : 0;
  const magnitude = Math.abs(x);
  const bits = magnitude === 0 ? 0 : magnitude === Infinity ? Infinity : roundMagnitude(format, magnitude);
  if (bits > format.max) {
    if (saturate) return sign | format.max;
    const beyond = format.infinity ?? format.nan;
    if (beyond === null) return sign | format.max;
    // The one NaN of the formats without negative zero has the sign bit already.
    return sign | beyond;
  }
  return bits === 0 && !format.negativeZero ? 0 : sign | bits;
}

/** The number that the bits stand for. */
export function minifloatToNumber(format: Minifloat, bits: number): number {
  const { exponentBits, mantissaBits, bias } = format;
  const signBit = 1 << (exponentBits + mantissaBits);
  const negative = (bits & signBit) !== 0;
  const magnitude = bits & (signBit - 1);
  if (negative && magnitude === 0 && !format.negativeZero) return NaN;
  if (magnitude > format.max) return magnitude !== format.infinity ? NaN : negative ? -Infinity : Infinity;
  const exponent = magnitude >>> mantissaBits;
  const fraction = magnitude & ((1 << mantissaBits) - 1);
  const value =
    exponent === 0
      ? fraction * powerOfTwo(1 - bias - mantissaBits)
      : ((1 << mantissaBits) + fraction) * powerOfTwo(exponent - bias - mantissaBits);
  return negative ? -value : value;
}
