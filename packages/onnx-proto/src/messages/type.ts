import { type Fields, optional } from "./field.ts";
import type { Message } from "./message.ts";
import type { TensorShapeProto } from "./shape.ts";

/** The type of a value: at most one of the `*_type` fields. */
export interface TypeProto extends Message {
  readonly tensor_type?: TypeProtoTensor;
  readonly sequence_type?: TypeProtoSequence;
  readonly map_type?: TypeProtoMap;
  readonly denotation?: string;
  readonly opaque_type?: TypeProtoOpaque;
  readonly sparse_tensor_type?: TypeProtoSparseTensor;
  readonly optional_type?: TypeProtoOptional;
}

/** A dense tensor type; without `shape` the rank is unknown. */
export interface TypeProtoTensor extends Message {
  /** A `DataType` code. */
  readonly elem_type?: number;
  readonly shape?: TensorShapeProto;
}

/** A sparse tensor type. */
export interface TypeProtoSparseTensor extends Message {
  /** A `DataType` code. */
  readonly elem_type?: number;
  readonly shape?: TensorShapeProto;
}

/** A sequence of values of one type. */
export interface TypeProtoSequence extends Message {
  readonly elem_type?: TypeProto;
}

/** A map from an integer or string type to a type. */
export interface TypeProtoMap extends Message {
  /** A `DataType` code. */
  readonly key_type?: number;
  readonly value_type?: TypeProto;
}

/** A value of a type, or nothing. */
export interface TypeProtoOptional extends Message {
  readonly elem_type?: TypeProto;
}

/** A type that only the named domain understands. */
export interface TypeProtoOpaque extends Message {
  readonly domain?: string;
  readonly name?: string;
}

export const typeProto: Fields<TypeProto> = {
  tensor_type: optional.message(1, "TypeProto.Tensor", "value"),
  sequence_type: optional.message(4, "TypeProto.Sequence", "value"),
  map_type: optional.message(5, "TypeProto.Map", "value"),
  denotation: optional.string(6),
  opaque_type: optional.message(7, "TypeProto.Opaque", "value"),
  sparse_tensor_type: optional.message(8, "TypeProto.SparseTensor", "value"),
  optional_type: optional.message(9, "TypeProto.Optional", "value"),
};

export const typeProtoTensor: Fields<TypeProtoTensor> = {
  elem_type: optional.int32(1),
  shape: optional.message(2, "TensorShapeProto"),
};

export const typeProtoSparseTensor: Fields<TypeProtoSparseTensor> = {
  elem_type: optional.int32(1),
  shape: optional.message(2, "TensorShapeProto"),
};

export const typeProtoSequence: Fields<TypeProtoSequence> = { elem_type: optional.message(1, "TypeProto") };

export const typeProtoMap: Fields<TypeProtoMap> = {
  key_type: optional.int32(1),
  value_type: optional.message(2, "TypeProto"),
};

export const typeProtoOptional: Fields<TypeProtoOptional> = { elem_type: optional.message(1, "TypeProto") };

export const typeProtoOpaque: Fields<TypeProtoOpaque> = {
  domain: optional.string(1),
  name: optional.string(2),
};
