import { type Fields, optional, repeated } from "./field.ts";
import type { DeviceConfigurationProto } from "./device.ts";
import type { FunctionProto } from "./function.ts";
import type { GraphProto } from "./graph.ts";
import type { Message } from "./message.ts";
import type { StringStringEntryProto } from "./metadata.ts";

/** A whole model file. */
export interface ModelProto extends Message {
  readonly ir_version?: number;
  readonly producer_name?: string;
  readonly producer_version?: string;
  readonly domain?: string;
  /** The producer's own number; the format gives it all 64 bits (time stamps in nanoseconds occur). */
  readonly model_version?: bigint;
  readonly doc_string?: string;
  readonly graph?: GraphProto;
  readonly opset_import: readonly OperatorSetIdProto[];
  readonly metadata_props: readonly StringStringEntryProto[];
  readonly training_info: readonly TrainingInfoProto[];
  readonly functions: readonly FunctionProto[];
  readonly configuration: readonly DeviceConfigurationProto[];
}

/** An operator set that the model or function uses. */
export interface OperatorSetIdProto extends Message {
  /** Empty or absent: the standard ONNX domain. */
  readonly domain?: string;
  readonly version?: number;
}

/** Graphs that initialize and update a model in training. */
export interface TrainingInfoProto extends Message {
  readonly initialization?: GraphProto;
  readonly algorithm?: GraphProto;
  readonly initialization_binding: readonly StringStringEntryProto[];
  readonly update_binding: readonly StringStringEntryProto[];
}

export const modelProto: Fields<ModelProto> = {
  ir_version: optional.integer(1),
  producer_name: optional.string(2),
  producer_version: optional.string(3),
  domain: optional.string(4),
  model_version: optional.int64(5),
  doc_string: optional.string(6),
  graph: optional.message(7, "GraphProto"),
  opset_import: repeated.message(8, "OperatorSetIdProto"),
  metadata_props: repeated.message(14, "StringStringEntryProto"),
  training_info: repeated.message(20, "TrainingInfoProto"),
  functions: repeated.message(25, "FunctionProto"),
  configuration: repeated.message(26, "DeviceConfigurationProto"),
};

export const operatorSetIdProto: Fields<OperatorSetIdProto> = {
  domain: optional.string(1),
  version: optional.integer(2),
};

export const trainingInfoProto: Fields<TrainingInfoProto> = {
  initialization: optional.message(1, "GraphProto"),
  algorithm: optional.message(2, "GraphProto"),
  initialization_binding: repeated.message(3, "StringStringEntryProto"),
  update_binding: repeated.message(4, "StringStringEntryProto"),
};
