import type { DType } from "./types.ts";

/** Views of packed little-endian storage; float16 and bfloat16 appear as their bits, sub-byte types as packed bytes. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const storageClasses = {
  float: Float32Array,
  double: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
  complex128: Float64Array,
} as const;

/** Packed bytes seen as the dtype's storage array; copied only when the bytes are not aligned for it. */
export function storageView(dtype: DType, bytes: Uint8Array): TypedArray {
  const Storage = storageClasses[dtype as keyof typeof storageClasses] ?? Uint8Array;
  const aligned = bytes.byteOffset % Storage.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / Storage.BYTES_PER_ELEMENT);
}
