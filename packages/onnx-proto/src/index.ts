/**
 * ONNX protobuf messages: bytes to plain objects and back, without loss.
 *
 * This package knows the whole schema of IR version 14 (models, graphs, functions, types, sparse tensors, training,
 * device configurations, and the value files of ONNX's test data), how every element type is stored, and how the
 * 16-, 8- and 4-bit floats round. It does not know what a model means: it checks that bytes are a message, not that
 * the message is a valid graph. It reads and writes no files and follows no external data.
 *
 * Messages are read-only plain objects with ONNX's own names. A list is always there, an optional field is there if and
 * only if it is on the wire, 64-bit attribute values and payloads are bigints, and `bytes` are views of the input.
 * The wire format is protobufjs's; the schema, its loops and its limits are this package's.
 */
export { create } from "./create.ts";
export { decode } from "./decode/decode.ts";
export { encode, encodeChunks } from "./encode/encode.ts";
export { maxDepth, maxMessageBytes } from "./limits.ts";
export { type AttributeProto, AttributeType } from "./messages/attribute.ts";
export type {
  DeviceConfigurationProto,
  IntIntListEntryProto,
  NodeDeviceConfigurationProto,
  ShardedDimProto,
  ShardingSpecProto,
  SimpleShardedDimProto,
} from "./messages/device.ts";
export type { FunctionProto } from "./messages/function.ts";
export type { GraphProto, TensorAnnotation, ValueInfoProto } from "./messages/graph.ts";
export type { MessageMap, MessageName } from "./messages/message-map.ts";
export type { Message, UnknownField } from "./messages/message.ts";
export type { StringStringEntryProto } from "./messages/metadata.ts";
export type { ModelProto, OperatorSetIdProto, TrainingInfoProto } from "./messages/model.ts";
export type { NodeProto } from "./messages/node.ts";
export type { OperatorProto, OperatorSetProto } from "./messages/operator-set.ts";
export type { TensorShapeProto, TensorShapeProtoDimension } from "./messages/shape.ts";
export { DataLocation, type SparseTensorProto, type TensorProto, type TensorProtoSegment } from "./messages/tensor.ts";
export type {
  TypeProto,
  TypeProtoMap,
  TypeProtoOpaque,
  TypeProtoOptional,
  TypeProtoSequence,
  TypeProtoSparseTensor,
  TypeProtoTensor,
} from "./messages/type.ts";
export { ElementType, type MapProto, type OptionalProto, type SequenceProto } from "./messages/value.ts";
export { decodeModel, encodeModel, encodeModelChunks, schemaIrVersion } from "./model-file.ts";
export { ProtoError, type ProtoErrorCode } from "./proto-error.ts";
export { bfloat16ToFloat32Array, bfloat16ToNumber, numberToBfloat16, toBfloat16Array } from "./scalar/bfloat16.ts";
export {
  DataType,
  type DataTypeFacts,
  type DataTypeName,
  dataTypeOfCode,
  dataTypes,
  type ElementArray,
  packedByteLength,
  type PayloadField,
} from "./scalar/data-type.ts";
export { float16ToFloat32Array, float16ToNumber, numberToFloat16, toFloat16Array } from "./scalar/float16.ts";
export {
  float4e2m1ToFloat32Array,
  float4e2m1ToNumber,
  numberToFloat4e2m1,
  toFloat4e2m1Array,
} from "./scalar/float4e2m1.ts";
export {
  type Float8Format,
  float8ToFloat32Array,
  float8ToNumber,
  float8Values,
  numberToFloat8,
  toFloat8Array,
} from "./scalar/float8.ts";
export {
  type E8m0Rounding,
  float8e8m0ToFloat32Array,
  float8e8m0ToNumber,
  numberToFloat8e8m0,
  toFloat8e8m0Array,
} from "./scalar/float8e8m0.ts";
export { pack2, pack4, unpackInt2, unpackInt4, unpackUint2, unpackUint4 } from "./scalar/sub-byte.ts";
export { textBytes, textOf } from "./wire/text.ts";
