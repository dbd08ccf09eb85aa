import type { AttributeProto } from "./attribute.ts";
import type {
  DeviceConfigurationProto,
  IntIntListEntryProto,
  NodeDeviceConfigurationProto,
  ShardedDimProto,
  ShardingSpecProto,
  SimpleShardedDimProto,
} from "./device.ts";
import type { FunctionProto } from "./function.ts";
import type { GraphProto, TensorAnnotation, ValueInfoProto } from "./graph.ts";
import type { StringStringEntryProto } from "./metadata.ts";
import type { ModelProto, OperatorSetIdProto, TrainingInfoProto } from "./model.ts";
import type { NodeProto } from "./node.ts";
import type { OperatorProto, OperatorSetProto } from "./operator-set.ts";
import type { TensorShapeProto, TensorShapeProtoDimension } from "./shape.ts";
import type { SparseTensorProto, TensorProto, TensorProtoSegment } from "./tensor.ts";
import type {
  TypeProto,
  TypeProtoMap,
  TypeProtoOpaque,
  TypeProtoOptional,
  TypeProtoSequence,
  TypeProtoSparseTensor,
  TypeProtoTensor,
} from "./type.ts";
import type { MapProto, OptionalProto, SequenceProto } from "./value.ts";

/** Every ONNX message by its name in the schema. */
export interface MessageMap {
  readonly AttributeProto: AttributeProto;
  readonly DeviceConfigurationProto: DeviceConfigurationProto;
  readonly FunctionProto: FunctionProto;
  readonly GraphProto: GraphProto;
  readonly IntIntListEntryProto: IntIntListEntryProto;
  readonly MapProto: MapProto;
  readonly ModelProto: ModelProto;
  readonly NodeDeviceConfigurationProto: NodeDeviceConfigurationProto;
  readonly NodeProto: NodeProto;
  readonly OperatorProto: OperatorProto;
  readonly OperatorSetIdProto: OperatorSetIdProto;
  readonly OperatorSetProto: OperatorSetProto;
  readonly OptionalProto: OptionalProto;
  readonly SequenceProto: SequenceProto;
  readonly ShardedDimProto: ShardedDimProto;
  readonly ShardingSpecProto: ShardingSpecProto;
  readonly SimpleShardedDimProto: SimpleShardedDimProto;
  readonly SparseTensorProto: SparseTensorProto;
  readonly StringStringEntryProto: StringStringEntryProto;
  readonly TensorAnnotation: TensorAnnotation;
  readonly TensorProto: TensorProto;
  readonly "TensorProto.Segment": TensorProtoSegment;
  readonly TensorShapeProto: TensorShapeProto;
  readonly "TensorShapeProto.Dimension": TensorShapeProtoDimension;
  readonly TrainingInfoProto: TrainingInfoProto;
  readonly TypeProto: TypeProto;
  readonly "TypeProto.Map": TypeProtoMap;
  readonly "TypeProto.Opaque": TypeProtoOpaque;
  readonly "TypeProto.Optional": TypeProtoOptional;
  readonly "TypeProto.Sequence": TypeProtoSequence;
  readonly "TypeProto.SparseTensor": TypeProtoSparseTensor;
  readonly "TypeProto.Tensor": TypeProtoTensor;
  readonly ValueInfoProto: ValueInfoProto;
}

/** The name of an ONNX message. */
export type MessageName = keyof MessageMap;
