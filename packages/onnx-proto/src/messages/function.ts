import { type Fields, optional, repeated } from "./field.ts";
import type { AttributeProto } from "./attribute.ts";
import type { ValueInfoProto } from "./graph.ts";
import type { Message } from "./message.ts";
import type { StringStringEntryProto } from "./metadata.ts";
import type { OperatorSetIdProto } from "./model.ts";
import type { NodeProto } from "./node.ts";

/** A local function: an operator defined by a graph of other operators. */
export interface FunctionProto extends Message {
  readonly name?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Names of the attributes without a default. */
  readonly attribute: readonly string[];
  readonly node: readonly NodeProto[];
  readonly doc_string?: string;
  readonly opset_import: readonly OperatorSetIdProto[];
  readonly domain?: string;
  /** Attributes with their defaults. */
  readonly attribute_proto: readonly AttributeProto[];
  readonly value_info: readonly ValueInfoProto[];
  readonly overload?: string;
  readonly metadata_props: readonly StringStringEntryProto[];
}

export const functionProto: Fields<FunctionProto> = {
  name: optional.string(1),
  input: repeated.string(4),
  output: repeated.string(5),
  attribute: repeated.string(6),
  node: repeated.message(7, "NodeProto"),
  doc_string: optional.string(8),
  opset_import: repeated.message(9, "OperatorSetIdProto"),
  domain: optional.string(10),
  attribute_proto: repeated.message(11, "AttributeProto"),
  value_info: repeated.message(12, "ValueInfoProto"),
  overload: optional.string(13),
  metadata_props: repeated.message(14, "StringStringEntryProto"),
};
