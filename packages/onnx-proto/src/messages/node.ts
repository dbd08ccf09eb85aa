import { type Fields, optional, repeated } from "./field.ts";
import type { AttributeProto } from "./attribute.ts";
import type { NodeDeviceConfigurationProto } from "./device.ts";
import type { Message } from "./message.ts";
import type { StringStringEntryProto } from "./metadata.ts";

/** A call of an operator or of a local function. */
export interface NodeProto extends Message {
  /** Value names; an empty name is an omitted optional input. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly op_type?: string;
  readonly attribute: readonly AttributeProto[];
  readonly doc_string?: string;
  readonly domain?: string;
  /** Which of several local functions of the same domain and name. */
  readonly overload?: string;
  readonly metadata_props: readonly StringStringEntryProto[];
  readonly device_configurations: readonly NodeDeviceConfigurationProto[];
}

export const nodeProto: Fields<NodeProto> = {
  input: repeated.string(1),
  output: repeated.string(2),
  name: optional.string(3),
  op_type: optional.string(4),
  attribute: repeated.message(5, "AttributeProto"),
  doc_string: optional.string(6),
  domain: optional.string(7),
  overload: optional.string(8),
  metadata_props: repeated.message(9, "StringStringEntryProto"),
  device_configurations: repeated.message(10, "NodeDeviceConfigurationProto"),
};
