import { type Fields, optional, repeated } from "./field.ts";
import type { Message } from "./message.ts";

/** A set of devices that a model may be split over (IR version 11). */
export interface DeviceConfigurationProto extends Message {
  readonly name?: string;
  readonly num_devices?: number;
  readonly device: readonly string[];
}

/** How one node uses a device configuration. */
export interface NodeDeviceConfigurationProto extends Message {
  readonly configuration_id?: string;
  readonly sharding_spec: readonly ShardingSpecProto[];
  readonly pipeline_stage?: number;
}

/** How one input or output of a node is split over devices. */
export interface ShardingSpecProto extends Message {
  readonly tensor_name?: string;
  readonly device: readonly number[];
  readonly index_to_device_group_map: readonly IntIntListEntryProto[];
  readonly sharded_dim: readonly ShardedDimProto[];
}

/** How one axis is split. */
export interface ShardedDimProto extends Message {
  readonly axis?: number;
  readonly simple_sharding: readonly SimpleShardedDimProto[];
}

/** A dimension (a size or a symbol) and into how many pieces it is cut. */
export interface SimpleShardedDimProto extends Message {
  readonly dim_value?: number;
  readonly dim_param?: string;
  readonly num_shards?: number;
}

/** An integer and the list of integers it stands for. */
export interface IntIntListEntryProto extends Message {
  readonly key?: number;
  readonly value: readonly number[];
}

export const deviceConfigurationProto: Fields<DeviceConfigurationProto> = {
  name: optional.string(1),
  num_devices: optional.int32(2),
  device: repeated.string(3),
};

export const nodeDeviceConfigurationProto: Fields<NodeDeviceConfigurationProto> = {
  configuration_id: optional.string(1),
  sharding_spec: repeated.message(2, "ShardingSpecProto"),
  pipeline_stage: optional.int32(3),
};

export const shardingSpecProto: Fields<ShardingSpecProto> = {
  tensor_name: optional.string(1),
  device: repeated.integer(2),
  index_to_device_group_map: repeated.message(3, "IntIntListEntryProto"),
  sharded_dim: repeated.message(4, "ShardedDimProto"),
};

export const shardedDimProto: Fields<ShardedDimProto> = {
  axis: optional.integer(1),
  simple_sharding: repeated.message(2, "SimpleShardedDimProto"),
};

export const simpleShardedDimProto: Fields<SimpleShardedDimProto> = {
  dim_value: optional.integer(1, "dim"),
  dim_param: optional.string(2, "dim"),
  num_shards: optional.integer(3),
};

export const intIntListEntryProto: Fields<IntIntListEntryProto> = {
  key: optional.integer(1),
  value: repeated.integer(2),
};
