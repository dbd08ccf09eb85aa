import { type Fields, optional, packed, repeated } from "./field.ts";
import type { Message } from "./message.ts";
import type { StringStringEntryProto } from "./metadata.ts";

/** Where a tensor's elements are; codes of `TensorProto.data_location`. */
export const DataLocation = { DEFAULT: 0, EXTERNAL: 1 } as const;

/**
 * A dense tensor. Its elements are in exactly one place: `raw_data`, the typed field of its element type
 * (`DataTypeFacts.field`), or a file named by `external_data`.
 */
export interface TensorProto extends Message {
  readonly dims: readonly number[];
  /** A `DataType` code. */
  readonly data_type?: number;
  readonly segment?: TensorProtoSegment;
  /** FLOAT; COMPLEX64 as pairs of real and imaginary part. */
  readonly float_data: Float32Array;
  /** INT32 and everything narrower, widened to 32 bits; 4-bit types two to a number, 2-bit types four. */
  readonly int32_data: Int32Array;
  /** STRING, as UTF-8. */
  readonly string_data: readonly Uint8Array[];
  readonly int64_data: BigInt64Array;
  readonly name?: string;
  /** Elements as little-endian bytes in row-major order. Decoding gives a view of the input, not a copy. */
  readonly raw_data?: Uint8Array;
  /** DOUBLE; COMPLEX128 as pairs of real and imaginary part. */
  readonly double_data: Float64Array;
  /** UINT32 and UINT64. */
  readonly uint64_data: BigUint64Array;
  readonly doc_string?: string;
  /** Keys `location`, `offset`, `length`, `checksum`. */
  readonly external_data: readonly StringStringEntryProto[];
  /** A `DataLocation` code. */
  readonly data_location?: number;
  readonly metadata_props: readonly StringStringEntryProto[];
}

/** The range of elements that a tensor stored in pieces holds. */
export interface TensorProtoSegment extends Message {
  readonly begin?: number;
  readonly end?: number;
}

/** A sparse tensor in coordinate form. */
export interface SparseTensorProto extends Message {
  /** The non-zero elements, `[NNZ]`; its name is the sparse tensor's name. */
  readonly values?: TensorProto;
  /** Linear indices `[NNZ]` or coordinates `[NNZ, rank]`, INT64, sorted. */
  readonly indices?: TensorProto;
  readonly dims: readonly number[];
}

export const tensorProto: Fields<TensorProto> = {
  dims: repeated.integer(1),
  data_type: optional.int32(2),
  segment: optional.message(3, "TensorProto.Segment"),
  float_data: packed.float(4),
  int32_data: packed.int32(5),
  string_data: repeated.bytes(6),
  int64_data: packed.int64(7),
  name: optional.string(8),
  raw_data: optional.bytes(9),
  double_data: packed.double(10),
  uint64_data: packed.uint64(11),
  doc_string: optional.string(12),
  external_data: repeated.message(13, "StringStringEntryProto"),
  data_location: optional.int32(14),
  metadata_props: repeated.message(16, "StringStringEntryProto"),
};

export const tensorProtoSegment: Fields<TensorProtoSegment> = {
  begin: optional.integer(1),
  end: optional.integer(2),
};

export const sparseTensorProto: Fields<SparseTensorProto> = {
  values: optional.message(1, "TensorProto"),
  indices: optional.message(2, "TensorProto"),
  dims: repeated.integer(3),
};
