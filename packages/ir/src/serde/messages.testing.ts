import {
  create,
  DataType,
  type AttributeProto,
  type GraphProto,
  type MessageMap,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "@lowbit/onnx-proto";

/** Messages as a file has them, for models that no builder of ours would write. */
export const proto = {
  model(graph: Partial<GraphProto>, fields: Partial<ModelProto> = {}): ModelProto {
    return create("ModelProto", {
      ir_version: 10,
      opset_import: [create("OperatorSetIdProto", { domain: "", version: 21 })],
      graph: create("GraphProto", { name: "g", ...graph }),
      ...fields,
    });
  },

  node(op: string, input: readonly string[], output: readonly string[], fields: Partial<NodeProto> = {}): NodeProto {
    return create("NodeProto", { op_type: op, input, output, ...fields });
  },

  attribute(name: string, fields: Partial<AttributeProto>): AttributeProto {
    return create("AttributeProto", { name, ...fields });
  },

  /** A declaration of a float tensor, or of any type. */
  info(name: string, dims: readonly number[] | MessageMap["TypeProto"] = [2]): ValueInfoProto {
    if (!Array.isArray(dims)) return create("ValueInfoProto", { name, type: dims as MessageMap["TypeProto"] });
    const dim = (dims as readonly number[]).map((dim_value) => ({ dim_value }));
    return create("ValueInfoProto", {
      name,
      type: create("TypeProto", { tensor_type: { elem_type: DataType.FLOAT, shape: { dim } } }),
    });
  },

  tensor(name: string, dims: readonly number[], fields: Partial<TensorProto>): TensorProto {
    return create("TensorProto", { name, dims, data_type: DataType.FLOAT, ...fields });
  },

  entry(key: string, value: string): MessageMap["StringStringEntryProto"] {
    return create("StringStringEntryProto", { key, value });
  },
};

/** Bytes of float elements. */
export function floatBytes(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
