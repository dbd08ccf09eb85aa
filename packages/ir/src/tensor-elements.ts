import {
  bfloat16ToNumber,
  float16ToNumber,
  float4e2m1ToNumber,
  float8e8m0ToNumber,
  float8Values,
  numberToBfloat16,
  numberToFloat16,
  numberToFloat4e2m1,
  numberToFloat8,
  numberToFloat8e8m0,
  pack2,
  pack4,
  unpackInt2,
  unpackInt4,
  unpackUint2,
  unpackUint4,
} from "@lowbit/onnx-proto";
import { invariant } from "./diagnostics.ts";
import { storageView } from "./tensor-storage.ts";
import { bitsPerElement, byteLength, integerRange, isInteger, type DType } from "./types.ts";

type Decode = (bits: number) => number;
type Encode = (value: number) => number;

/** Dtypes whose storage holds bit patterns: what a pattern means, and the nearest pattern to a number. */
const patterns: Readonly<Partial<Record<DType, readonly [Decode, Encode]>>> = {
  float16: [float16ToNumber, numberToFloat16],
  bfloat16: [bfloat16ToNumber, numberToBfloat16],
  float8e4m3fn: [(bits) => float8Values.e4m3fn[bits]!, (value) => numberToFloat8("e4m3fn", value)],
  float8e4m3fnuz: [(bits) => float8Values.e4m3fnuz[bits]!, (value) => numberToFloat8("e4m3fnuz", value)],
  float8e5m2: [(bits) => float8Values.e5m2[bits]!, (value) => numberToFloat8("e5m2", value, Number.isFinite(value))],
  float8e5m2fnuz: [(bits) => float8Values.e5m2fnuz[bits]!, (value) => numberToFloat8("e5m2fnuz", value)],
  float8e8m0: [float8e8m0ToNumber, (value) => numberToFloat8e8m0(value, "nearest")],
  float4e2m1: [float4e2m1ToNumber, numberToFloat4e2m1],
};

/**
 * Element values of packed storage as numbers: exact, except 64-bit integers beyond 2^53; bool is 0 or 1.
 * A fresh array. Complex and string elements are no numbers and have no such form.
 */
export function decodeElements(dtype: DType, bytes: Uint8Array, count: number): Float64Array {
  requireNumeric(dtype);
  const values = new Float64Array(count);
  const stored = unpacked(dtype, bytes, count);
  const pattern = patterns[dtype];
  if (pattern) for (let i = 0; i < count; i++) values[i] = pattern[0](stored[i] as number);
  else if (dtype === "bool") for (let i = 0; i < count; i++) values[i] = stored[i] === 0 ? 0 : 1;
  else for (let i = 0; i < count; i++) values[i] = Number(stored[i]);
  return values;
}

/**
 * Packed storage of element values. Floats round to the nearest value of the dtype, ties to even (float8e8m0, which has
 * powers of two only: ties up). Beyond the range they become infinity, or the largest value in float8 and float4; an
 * infinity stays one where the dtype has it.
 * Integers must be whole and in range, bool elements 0 or 1.
 */
export function encodeElements(dtype: DType, values: ArrayLike<number | bigint>): Uint8Array {
  requireNumeric(dtype);
  const pattern = patterns[dtype];
  const bits = bitsPerElement(dtype);
  if (bits < 8) return (bits === 4 ? pack4 : pack2)(pattern ? encoded(values, pattern[1]) : integers(dtype, values));
  const bytes = new Uint8Array(byteLength(dtype, values.length));
  const view = storageView(dtype, bytes);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) view[i] = wideInteger(dtype, values[i]!);
  } else if (pattern) view.set(encoded(values, pattern[1]));
  else if (dtype === "float" || dtype === "double") {
    for (let i = 0; i < values.length; i++) view[i] = Number(values[i]);
  } else view.set(integers(dtype, values));
  return bytes;
}

function requireNumeric(dtype: DType): void {
  const numeric = dtype !== "string" && dtype !== "complex64" && dtype !== "complex128";
  invariant(numeric, `elements of ${dtype} are not numbers`);
}

function unpacked(dtype: DType, bytes: Uint8Array, count: number): ArrayLike<number | bigint> {
  switch (dtype) {
    case "int4":
      return unpackInt4(bytes, count);
    case "uint4":
    case "float4e2m1":
      return unpackUint4(bytes, count);
    case "int2":
      return unpackInt2(bytes, count);
    case "uint2":
      return unpackUint2(bytes, count);
    default:
      return storageView(dtype, bytes);
  }
}

function encoded(values: ArrayLike<number | bigint>, encode: Encode): number[] {
  return Array.from(values, (value) => encode(Number(value)));
}

function integers(dtype: DType, values: ArrayLike<number | bigint>): number[] {
  const [least, most] = isInteger(dtype) ? integerRange(dtype) : [0, 1];
  return Array.from(values, (value) => {
    const number = Number(value);
    invariant(Number.isInteger(number) && number >= least && number <= most, `${value} is no ${dtype}`);
    return number;
  });
}

function wideInteger(dtype: DType, value: number | bigint): bigint {
  invariant(typeof value === "bigint" || Number.isInteger(value), `${value} is no ${dtype}`);
  const integer = BigInt(value);
  const kept = dtype === "int64" ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  invariant(kept === integer, `${value} is no ${dtype}`);
  return integer;
}
