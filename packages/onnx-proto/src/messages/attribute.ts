import { type Fields, optional, repeated } from "./field.ts";
import type { GraphProto } from "./graph.ts";
import type { Message } from "./message.ts";
import type { SparseTensorProto, TensorProto } from "./tensor.ts";
import type { TypeProto } from "./type.ts";

/** Which field of an `AttributeProto` holds its value; codes of `AttributeProto.type`. */
export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

/** A named attribute of a node; the format allows any set of value fields, `type` says which one counts. */
export interface AttributeProto extends Message {
  readonly name?: string;
  /** The NaNs of `f` and `floats` are all one NaN to JavaScript: their payload bits may change in a round trip. */
  readonly f?: number;
  readonly i?: bigint;
  /** Usually UTF-8 text, but any bytes are legal. */
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly doc_string?: string;
  readonly tp?: TypeProto;
  readonly type_protos: readonly TypeProto[];
  /** An `AttributeType` code; files of IR version 1 may lack it. */
  readonly type?: number;
  /** In a function body: the attribute of the function to take the value from. */
  readonly ref_attr_name?: string;
  readonly sparse_tensor?: SparseTensorProto;
  readonly sparse_tensors: readonly SparseTensorProto[];
}

export const attributeProto: Fields<AttributeProto> = {
  name: optional.string(1),
  f: optional.float(2),
  i: optional.int64(3),
  s: optional.bytes(4),
  t: optional.message(5, "TensorProto"),
  g: optional.message(6, "GraphProto"),
  floats: repeated.float(7),
  ints: repeated.int64(8),
  strings: repeated.bytes(9),
  tensors: repeated.message(10, "TensorProto"),
  graphs: repeated.message(11, "GraphProto"),
  doc_string: optional.string(13),
  tp: optional.message(14, "TypeProto"),
  type_protos: repeated.message(15, "TypeProto"),
  type: optional.int32(20),
  ref_attr_name: optional.string(21),
  sparse_tensor: optional.message(22, "SparseTensorProto"),
  sparse_tensors: repeated.message(23, "SparseTensorProto"),
};
