import { type Fields, optional, repeated } from "./field.ts";
import type { Message } from "./message.ts";
import type { StringStringEntryProto } from "./metadata.ts";
import type { NodeProto } from "./node.ts";
import type { SparseTensorProto, TensorProto } from "./tensor.ts";
import type { TypeProto } from "./type.ts";

/** A graph: of a model, or of an attribute of If, Loop or Scan. */
export interface GraphProto extends Message {
  readonly node: readonly NodeProto[];
  readonly name?: string;
  readonly initializer: readonly TensorProto[];
  readonly doc_string?: string;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly value_info: readonly ValueInfoProto[];
  readonly quantization_annotation: readonly TensorAnnotation[];
  readonly sparse_initializer: readonly SparseTensorProto[];
  readonly metadata_props: readonly StringStringEntryProto[];
}

/** A value's name and type. */
export interface ValueInfoProto extends Message {
  readonly name?: string;
  readonly type?: TypeProto;
  readonly doc_string?: string;
  readonly metadata_props: readonly StringStringEntryProto[];
}

/** Names of the tensors that hold a tensor's scale and zero point. */
export interface TensorAnnotation extends Message {
  readonly tensor_name?: string;
  readonly quant_parameter_tensor_names: readonly StringStringEntryProto[];
}

export const graphProto: Fields<GraphProto> = {
  node: repeated.message(1, "NodeProto"),
  name: optional.string(2),
  initializer: repeated.message(5, "TensorProto"),
  doc_string: optional.string(10),
  input: repeated.message(11, "ValueInfoProto"),
  output: repeated.message(12, "ValueInfoProto"),
  value_info: repeated.message(13, "ValueInfoProto"),
  quantization_annotation: repeated.message(14, "TensorAnnotation"),
  sparse_initializer: repeated.message(15, "SparseTensorProto"),
  metadata_props: repeated.message(16, "StringStringEntryProto"),
};

export const valueInfoProto: Fields<ValueInfoProto> = {
  name: optional.string(1),
  type: optional.message(2, "TypeProto"),
  doc_string: optional.string(3),
  metadata_props: repeated.message(4, "StringStringEntryProto"),
};

export const tensorAnnotation: Fields<TensorAnnotation> = {
  tensor_name: optional.string(1),
  quant_parameter_tensor_names: repeated.message(2, "StringStringEntryProto"),
};
