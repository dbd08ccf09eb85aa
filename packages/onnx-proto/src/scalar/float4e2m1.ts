import { mapToFloat32, mapToUint8 } from "./map-elements.ts";
import { type Minifloat, minifloatToNumber, numberToMinifloat } from "./minifloat.ts";

const format: Minifloat = {
  exponentBits: 2,
  mantissaBits: 1,
  bias: 1,
  max: 0x7,
  infinity: null,
  nan: null,
  negativeZero: true,
};

/** The value of the low four bits (https://onnx.ai/onnx/technical/float4.html). */
export function float4e2m1ToNumber(bits: number): number {
  return minifloatToNumber(format, bits & 0xf);
}

/** E2M1 bits of `x`: nearest, ties to even, ±6 beyond the range; NaN, which the format lacks, gives 6. */
export function numberToFloat4e2m1(x: number): number {
  return numberToMinifloat(format, x, true);
}

/** Values of E2M1 bits, one element per byte. */
export function float4e2m1ToFloat32Array(bits: Uint8Array): Float32Array {
  return mapToFloat32(bits, float4e2m1ToNumber);
}

/** E2M1 bits of numbers, one element per byte. */
export function toFloat4e2m1Array(values: ArrayLike<number>): Uint8Array {
  return mapToUint8(values, numberToFloat4e2m1);
}
