import { type Fields, optional, repeated } from "./field.ts";
import type { Message } from "./message.ts";
import type { SparseTensorProto, TensorProto } from "./tensor.ts";

/** What a sequence or an optional contains; codes of `SequenceProto.elem_type` and `OptionalProto.elem_type`. */
export const ElementType = { UNDEFINED: 0, TENSOR: 1, SPARSE_TENSOR: 2, SEQUENCE: 3, MAP: 4, OPTIONAL: 5 } as const;

/** A sequence value, as the `.pb` files of ONNX test data store it. */
export interface SequenceProto extends Message {
  readonly name?: string;
  /** An `ElementType` code: which list holds the elements. */
  readonly elem_type?: number;
  readonly tensor_values: readonly TensorProto[];
  readonly sparse_tensor_values: readonly SparseTensorProto[];
  readonly sequence_values: readonly SequenceProto[];
  readonly map_values: readonly MapProto[];
  readonly optional_values: readonly OptionalProto[];
}

/** A map value: keys in one of two lists, values as a sequence of the same length. */
export interface MapProto extends Message {
  readonly name?: string;
  /** A `DataType` code of an integer type or STRING. */
  readonly key_type?: number;
  readonly keys: readonly bigint[];
  readonly string_keys: readonly Uint8Array[];
  readonly values?: SequenceProto;
}

/** An optional value. */
export interface OptionalProto extends Message {
  readonly name?: string;
  /** An `ElementType` code; `UNDEFINED` is an empty optional. */
  readonly elem_type?: number;
  readonly tensor_value?: TensorProto;
  readonly sparse_tensor_value?: SparseTensorProto;
  readonly sequence_value?: SequenceProto;
  readonly map_value?: MapProto;
  readonly optional_value?: OptionalProto;
}

export const sequenceProto: Fields<SequenceProto> = {
  name: optional.string(1),
  elem_type: optional.int32(2),
  tensor_values: repeated.message(3, "TensorProto"),
  sparse_tensor_values: repeated.message(4, "SparseTensorProto"),
  sequence_values: repeated.message(5, "SequenceProto"),
  map_values: repeated.message(6, "MapProto"),
  optional_values: repeated.message(7, "OptionalProto"),
};

export const mapProto: Fields<MapProto> = {
  name: optional.string(1),
  key_type: optional.int32(2),
  keys: repeated.int64(3),
  string_keys: repeated.bytes(4),
  values: optional.message(5, "SequenceProto"),
};

export const optionalProto: Fields<OptionalProto> = {
  name: optional.string(1),
  elem_type: optional.int32(2),
  tensor_value: optional.message(3, "TensorProto"),
  sparse_tensor_value: optional.message(4, "SparseTensorProto"),
  sequence_value: optional.message(5, "SequenceProto"),
  map_value: optional.message(6, "MapProto"),
  optional_value: optional.message(7, "OptionalProto"),
};
