import { decodeElements, encodeElements } from "./tensor-elements.ts";
import { storageView, type TypedArray } from "./tensor-storage.ts";
import { byteLength, elementCount, tensorType, type DType, type TensorType } from "./types.ts";
import { invariant } from "./diagnostics.ts";

/** Bytes of one tensor that may not be in memory yet; `read` may be called any number of times. */
export interface TensorSource {
  /** Length of what `read` returns, known without reading. */
  readonly byteLength: number;
  /** The bytes, little-endian, in the order of ONNX `raw_data`. @throws CompileError where a file cannot be read */
  read(): Uint8Array;
  /** Set when the bytes live in a file beside the model, so that an unchanged tensor can be copied as bytes. */
  readonly external?: { readonly path: string; readonly offset: number };
}

/**
 * An immutable constant tensor: dtype, dimensions and lazily read bytes in ONNX's `raw_data` layout
 * (little-endian, row-major, sub-byte elements packed low bits first).
 *
 * Nothing is copied until a caller asks for elements. String tensors hold `strings` and no bytes.
 */
export class Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly strings: readonly Uint8Array[] | null;
  readonly source: TensorSource;

  constructor(
    dtype: DType,
    dims: readonly number[],
    source: TensorSource,
    strings: readonly Uint8Array[] | null = null,
  ) {
    this.dtype = dtype;
    this.dims = dims;
    this.source = source;
    this.strings = strings;
  }

  /** A tensor over bytes already in memory, not copied; their length must be what dtype and dims need. */
  static fromBytes(dtype: DType, dims: readonly number[], bytes: Uint8Array): Tensor {
    const needed = byteLength(dtype, elementCount(dims)!);
    invariant(bytes.length === needed, `tensor ${dtype}[${dims.join(",")}] needs ${needed} bytes, got ${bytes.length}`);
    return new Tensor(dtype, dims, { byteLength: bytes.length, read: () => bytes });
  }

  /** A tensor over a typed array in the dtype's storage form, not copied. */
  static fromTyped(dtype: DType, dims: readonly number[], values: TypedArray): Tensor {
    return Tensor.fromBytes(dtype, dims, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /**
   * A tensor of the given element values, rounded to the dtype (nearest even for floats); integers must be in range.
   * Dimensions default to one axis of all values.
   */
  static of(dtype: DType, values: ArrayLike<number | bigint>, dims: readonly number[] = [values.length]): Tensor {
    return Tensor.fromBytes(dtype, dims, encodeElements(dtype, values));
  }

  /** A rank-0 tensor. */
  static scalar(dtype: DType, value: number | bigint): Tensor {
    return Tensor.of(dtype, [value], []);
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.dims)!;
  }

  get type(): TensorType {
    return tensorType(this.dtype, this.dims);
  }

  /** Packed bytes; a view where possible, so callers must not write to them. */
  bytes(): Uint8Array {
    return this.source.read();
  }

  /** Packed storage as the dtype's typed array: a view when aligned, otherwise a copy. Callers must not write to it. */
  typed(): TypedArray {
    return storageView(this.dtype, this.bytes());
  }

  /** Element values as numbers, exact except for 64-bit integers beyond 2^53; a fresh array. */
  numbers(): Float64Array {
    return decodeElements(this.dtype, this.bytes(), this.size);
  }

  /** Element values as float32, a view without copying when the dtype is `float` and the bytes are aligned. */
  floats(): Float32Array {
    return this.dtype === "float" ? (this.typed() as Float32Array) : Float32Array.from(this.numbers());
  }

  /** The only element of a tensor of size 1. */
  item(): number {
    invariant(this.size === 1, `item() of a tensor with ${this.size} elements`);
    return this.numbers()[0]!;
  }

  /** The same bytes under other dimensions of equal element count. */
  reshape(dims: readonly number[]): Tensor {
    invariant(elementCount(dims) === this.size, `reshape [${this.dims.join(",")}] to [${dims.join(",")}]`);
    return new Tensor(this.dtype, dims, this.source, this.strings);
  }
}
