import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  StringStringEntryProto,
  TensorAnnotation,
  ValueInfoProto,
} from "@lowbit/onnx-proto";
import type { Attribute } from "../graph/attribute.ts";
import type { ValueType } from "../types.ts";

/** A message under construction. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** What a graph's file holds beyond the IR, by name, so that copies of the graph can carry it too. */
export class CarriedGraph {
  /** Fields taken over as they are: unknown ones, and texts that are present though empty. */
  readonly rest: Partial<GraphProto>;
  readonly inputs: ReadonlyMap<string, CarriedInfo>;
  readonly outputs: ReadonlyMap<string, CarriedInfo>;
  /** Every entry of `value_info`, in order. */
  readonly valueInfo: readonly ListedInfo[];
  readonly annotations: readonly TensorAnnotation[];

  constructor(fields: {
    readonly rest: Partial<GraphProto>;
    readonly inputs: ReadonlyMap<string, CarriedInfo>;
    readonly outputs: ReadonlyMap<string, CarriedInfo>;
    readonly valueInfo: readonly ListedInfo[];
    readonly annotations: readonly TensorAnnotation[];
  }) {
    this.rest = fields.rest;
    this.inputs = fields.inputs;
    this.outputs = fields.outputs;
    this.valueInfo = fields.valueInfo;
    this.annotations = fields.annotations;
  }
}

/** A declaration that says more than name and type. Its type counts as long as the value's type is still `type`. */
export interface CarriedInfo {
  readonly proto: ValueInfoProto;
  /** The value's type at import. */
  readonly type: ValueType | null;
}

/** An entry of `value_info`; `info` is null when name and type say it all. */
export interface ListedInfo {
  readonly name: string;
  readonly info: CarriedInfo | null;
  /** Whether no value of the graph had that name at import. */
  readonly dangling: boolean;
}

/** What a node's file entry holds beyond the IR. */
export class CarriedNode {
  /** Fields taken over as they are: unknown ones, device configurations, texts that are present though empty. */
  readonly rest: Partial<NodeProto>;
  /** Attributes with more than a name, a type and a value; they count as long as the node still has `attribute`. */
  readonly attributes: ReadonlyMap<string, { readonly attribute: Attribute; readonly proto: AttributeProto }>;
  readonly metadata: readonly StringStringEntryProto[];

  constructor(rest: Partial<NodeProto>, attributes: CarriedNode["attributes"], metadata: CarriedNode["metadata"]) {
    this.rest = rest;
    this.attributes = attributes;
    this.metadata = metadata;
  }
}

/** What a model file holds beyond the IR. */
export class CarriedModel {
  /** Fields taken over as they are: training info, device configurations, unknown fields, empty texts. */
  readonly rest: Partial<ModelProto>;
  readonly opsets: readonly OperatorSetIdProto[];
  readonly metadata: readonly StringStringEntryProto[];

  constructor(rest: Partial<ModelProto>, opsets: CarriedModel["opsets"], metadata: CarriedModel["metadata"]) {
    this.rest = rest;
    this.opsets = opsets;
    this.metadata = metadata;
  }
}

/** What a local function's file entry holds beyond the IR. */
export class CarriedFunction {
  readonly rest: Partial<FunctionProto>;
  readonly opsets: readonly OperatorSetIdProto[];
  readonly metadata: readonly StringStringEntryProto[];
  /** The default values' messages, by attribute name. */
  readonly defaults: ReadonlyMap<string, AttributeProto>;

  constructor(
    rest: Partial<FunctionProto>,
    opsets: CarriedFunction["opsets"],
    metadata: CarriedFunction["metadata"],
    defaults: CarriedFunction["defaults"],
  ) {
    this.rest = rest;
    this.opsets = opsets;
    this.metadata = metadata;
    this.defaults = defaults;
  }
}

/**
 * The fields among `keys` that the IR has no place for: texts that are present though empty, and lists and messages
 * that are not empty.
 */
export function restOf<T extends object>(message: T, keys: readonly (keyof T)[]): Partial<T> {
  const rest = {} as Draft<Partial<T>>;
  for (const key of keys) {
    const value = message[key];
    if (typeof value === "string" ? value === "" : Array.isArray(value) && value.length > 0) rest[key] = value;
  }
  return rest;
}
