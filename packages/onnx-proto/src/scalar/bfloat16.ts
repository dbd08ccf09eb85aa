import { mapToFloat32, mapToUint16 } from "./map-elements.ts";
import { type Minifloat, minifloatToNumber, numberToMinifloat } from "./minifloat.ts";

const format: Minifloat = {
  exponentBits: 8,
  mantissaBits: 7,
  bias: 127,
  max: 0x7f7f,
  infinity: 0x7f80,
  nan: 0x7fc0,
  negativeZero: true,
};

/** The value of bfloat16 bits, the upper half of a binary32. */
export function bfloat16ToNumber(bits: number): number {
  return minifloatToNumber(format, bits);
}

/** bfloat16 bits of `x`: nearest, ties to even, infinity beyond the range; NaN gives 0x7fc0. */
export function numberToBfloat16(x: number): number {
  return numberToMinifloat(format, x, false);
}

/** Values of bfloat16 bits. */
export function bfloat16ToFloat32Array(bits: Uint16Array): Float32Array {
  return mapToFloat32(bits, bfloat16ToNumber);
}

/** bfloat16 bits of numbers. */
export function toBfloat16Array(values: ArrayLike<number>): Uint16Array {
  return mapToUint16(values, numberToBfloat16);
}
