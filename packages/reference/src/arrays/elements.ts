import { bitsPerElement, isInteger, Tensor, type DType } from "@lowbit/ir";
import { sizeOf } from "./indices.ts";

/** Elements as kernels compute with them: 64-bit integers exactly as bigint, everything else as float64. */
export type Elements = Float64Array | BigInt64Array | BigUint64Array;

/** Whether elements of the dtype need bigint to be exact. */
export function isWide(dtype: DType): dtype is "int64" | "uint64" {
  return dtype === "int64" || dtype === "uint64";
}

/** The elements of a tensor; 64-bit integers are a view that must not be written to. */
export function elementsOf(tensor: Tensor): Elements {
  return isWide(tensor.dtype) ? (tensor.typed() as BigInt64Array | BigUint64Array) : tensor.numbers();
}

/**
 * A tensor of computed elements. Floats are rounded to the dtype (nearest even, overflow to infinity where the dtype
 * has one); integers wrap around like those of the machine; bool is 1 for everything but 0.
 */
export function tensorOf(dtype: DType, dims: readonly number[], values: Elements | readonly number[]): Tensor {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    if (isWide(dtype)) return Tensor.fromTyped(dtype, dims, storageOfWide(dtype, values));
    return tensorOf(dtype, dims, Float64Array.from(values, Number));
  }
  switch (dtype) {
    case "float":
      return Tensor.fromTyped(dtype, dims, new Float32Array(values));
    case "double":
      return Tensor.fromTyped(dtype, dims, new Float64Array(values));
    case "int8":
      return Tensor.fromTyped(dtype, dims, new Int8Array(values));
    case "uint8":
      return Tensor.fromTyped(dtype, dims, new Uint8Array(values));
    case "int16":
      return Tensor.fromTyped(dtype, dims, new Int16Array(values));
    case "uint16":
      return Tensor.fromTyped(dtype, dims, new Uint16Array(values));
    case "int32":
      return Tensor.fromTyped(dtype, dims, new Int32Array(values));
    case "uint32":
      return Tensor.fromTyped(dtype, dims, new Uint32Array(values));
    case "int64":
      return Tensor.fromTyped(dtype, dims, BigInt64Array.from(values, toBigInt));
    case "uint64":
      return Tensor.fromTyped(dtype, dims, BigUint64Array.from(values, toBigInt));
    case "bool":
      return Tensor.fromTyped(
        dtype,
        dims,
        Uint8Array.from(values, (value) => (value !== 0 ? 1 : 0)),
      );
    default:
      return Tensor.of(dtype, isInteger(dtype) ? Float64Array.from(values, narrowTo(dtype)) : values, dims);
  }
}

/** Fresh room for elements of a dtype. @throws RangeError as `sizeOf` */
export function newElements(dtype: DType, count: number): Elements {
  sizeOf([count]);
  if (dtype === "int64") return new BigInt64Array(count);
  return dtype === "uint64" ? new BigUint64Array(count) : new Float64Array(count);
}

/** An int64 tensor of numbers, which must be integers below 2^53. */
export function int64Tensor(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return Tensor.of("int64", values, dims);
}

function storageOfWide(dtype: "int64" | "uint64", values: BigInt64Array | BigUint64Array) {
  const Storage = dtype === "int64" ? BigInt64Array : BigUint64Array;
  return new Storage(values.buffer as ArrayBuffer, values.byteOffset, values.length);
}

function toBigInt(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/** Wraps an integer into a type of fewer than eight bits. */
function narrowTo(dtype: DType): (value: number) => number {
  const shift = 32 - bitsPerElement(dtype);
  return dtype.startsWith("u") ? (value) => (value << shift) >>> shift : (value) => (value << shift) >> shift;
}
