import { mapToFloat32, mapToUint16 } from "./map-elements.ts";
import { type Minifloat, minifloatToNumber, numberToMinifloat } from "./minifloat.ts";

const format: Minifloat = {
  exponentBits: 5,
  mantissaBits: 10,
  bias: 15,
  max: 0x7bff,
  infinity: 0x7c00,
  nan: 0x7e00,
  negativeZero: true,
};

/** The value of IEEE 754 binary16 bits. */
export function float16ToNumber(bits: number): number {
  return minifloatToNumber(format, bits);
}

/** Binary16 bits of `x`: nearest, ties to even, infinity from 65520 on; NaN gives 0x7e00. */
export function numberToFloat16(x: number): number {
  return numberToMinifloat(format, x, false);
}

/** Values of binary16 bits. */
export function float16ToFloat32Array(bits: Uint16Array): Float32Array {
  return mapToFloat32(bits, float16ToNumber);
}

/** Binary16 bits of numbers. */
export function toFloat16Array(values: ArrayLike<number>): Uint16Array {
  return mapToUint16(values, numberToFloat16);
}
