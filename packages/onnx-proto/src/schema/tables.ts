import { attributeProto } from "../messages/attribute.ts";
import * as device from "../messages/device.ts";
import { functionProto } from "../messages/function.ts";
import { graphProto, tensorAnnotation, valueInfoProto } from "../messages/graph.ts";
import type { MessageMap } from "../messages/message-map.ts";
import { stringStringEntryProto } from "../messages/metadata.ts";
import { modelProto, operatorSetIdProto, trainingInfoProto } from "../messages/model.ts";
import { nodeProto } from "../messages/node.ts";
import { operatorProto, operatorSetProto } from "../messages/operator-set.ts";
import { tensorShapeProto, tensorShapeProtoDimension } from "../messages/shape.ts";
import { sparseTensorProto, tensorProto, tensorProtoSegment } from "../messages/tensor.ts";
import * as type from "../messages/type.ts";
import { mapProto, optionalProto, sequenceProto } from "../messages/value.ts";
import type { Fields } from "../messages/field.ts";

/** The fields of every message. Facts of https://github.com/onnx/onnx/blob/main/onnx/onnx.in.proto, IR version 14. */
export const tables: { readonly [K in keyof MessageMap]: Fields<MessageMap[K]> } = {
  AttributeProto: attributeProto,
  DeviceConfigurationProto: device.deviceConfigurationProto,
  FunctionProto: functionProto,
  GraphProto: graphProto,
  IntIntListEntryProto: device.intIntListEntryProto,
  MapProto: mapProto,
  ModelProto: modelProto,
  NodeDeviceConfigurationProto: device.nodeDeviceConfigurationProto,
  NodeProto: nodeProto,
  OperatorProto: operatorProto,
  OperatorSetIdProto: operatorSetIdProto,
  OperatorSetProto: operatorSetProto,
  OptionalProto: optionalProto,
  SequenceProto: sequenceProto,
  ShardedDimProto: device.shardedDimProto,
  ShardingSpecProto: device.shardingSpecProto,
  SimpleShardedDimProto: device.simpleShardedDimProto,
  SparseTensorProto: sparseTensorProto,
  StringStringEntryProto: stringStringEntryProto,
  TensorAnnotation: tensorAnnotation,
  TensorProto: tensorProto,
  "TensorProto.Segment": tensorProtoSegment,
  TensorShapeProto: tensorShapeProto,
  "TensorShapeProto.Dimension": tensorShapeProtoDimension,
  TrainingInfoProto: trainingInfoProto,
  TypeProto: type.typeProto,
  "TypeProto.Map": type.typeProtoMap,
  "TypeProto.Opaque": type.typeProtoOpaque,
  "TypeProto.Optional": type.typeProtoOptional,
  "TypeProto.Sequence": type.typeProtoSequence,
  "TypeProto.SparseTensor": type.typeProtoSparseTensor,
  "TypeProto.Tensor": type.typeProtoTensor,
  ValueInfoProto: valueInfoProto,
};
