import { mapToFloat32, mapToUint8 } from "./map-elements.ts";
import { type Minifloat, minifloatToNumber, numberToMinifloat } from "./minifloat.ts";

/** The 8-bit formats with a sign, by the ending of their ONNX names. */
export type Float8Format = "e4m3fn" | "e4m3fnuz" | "e5m2" | "e5m2fnuz";

const formats: Readonly<Record<Float8Format, Minifloat>> = {
  e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, max: 0x7e, infinity: null, nan: 0x7f, negativeZero: true },
  e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, max: 0x7f, infinity: null, nan: 0x80, negativeZero: false },
  e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, max: 0x7b, infinity: 0x7c, nan: 0x7e, negativeZero: true },
  e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, max: 0x7f, infinity: null, nan: 0x80, negativeZero: false },
};

function valuesOf(format: Minifloat): Float32Array {
  return Float32Array.from({ length: 256 }, (_, bits) => minifloatToNumber(format, bits));
}

/** The values of all 256 bit patterns of a format (https://onnx.ai/onnx/technical/float8.html). */
export const float8Values: Readonly<Record<Float8Format, Float32Array>> = {
  e4m3fn: valuesOf(formats.e4m3fn),
  e4m3fnuz: valuesOf(formats.e4m3fnuz),
  e5m2: valuesOf(formats.e5m2),
  e5m2fnuz: valuesOf(formats.e5m2fnuz),
};

/** The value of float8 bits. */
export function float8ToNumber(format: Float8Format, bits: number): number {
  return float8Values[format][bits]!;
}

/**
 * Float8 bits of `x`: nearest, ties to even. Beyond the range, and for infinities: the largest finite value of the same
 * sign if `saturate` (the default of ONNX's Cast), else infinity in e5m2 and NaN in the others.
 */
export function numberToFloat8(format: Float8Format, x: number, saturate = true): number {
  return numberToMinifloat(formats[format], x, saturate);
}

/** Values of float8 bits. */
export function float8ToFloat32Array(format: Float8Format, bits: Uint8Array): Float32Array {
  const values = float8Values[format];
  return mapToFloat32(bits, (pattern) => values[pattern]!);
}

/** Float8 bits of numbers. */
export function toFloat8Array(format: Float8Format, values: ArrayLike<number>, saturate = true): Uint8Array {
  return mapToUint8(values, (value) => numberToFloat8(format, value, saturate));
}
