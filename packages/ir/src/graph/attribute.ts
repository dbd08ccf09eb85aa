import type { Tensor } from "../tensor.ts";
import type { ValueType } from "../types.ts";
import type { Graph } from "./graph.ts";

/** Text of a string attribute, or its bytes when they are not valid UTF-8. */
export type StringValue = string | Uint8Array;

/**
 * One attribute of a node: ONNX's kinds, tagged. Integers are 64-bit, hence `bigint`; read them through `Node.int`.
 * `ref` names an attribute of the enclosing local function.
 */
export type Attribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: StringValue }
  | { readonly kind: "tensor"; readonly value: Tensor; readonly name?: string }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "type_proto"; readonly value: ValueType }
  | { readonly kind: "sparse_tensor"; readonly value: OpaqueMessage }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly bigint[] }
  | { readonly kind: "strings"; readonly value: readonly StringValue[] }
  | { readonly kind: "tensors"; readonly value: readonly Tensor[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  | { readonly kind: "type_protos"; readonly value: readonly ValueType[] }
  | { readonly kind: "sparse_tensors"; readonly value: readonly OpaqueMessage[] }
  | { readonly kind: "ref"; readonly value: string; readonly of: AttributeKind };

/** The kinds a value-carrying attribute can have. */
export type AttributeKind = Exclude<Attribute["kind"], "ref">;

/** A protobuf message the IR carries through untouched (a decoded message object of `onnx-proto`). */
export interface OpaqueMessage {
  readonly message: unknown;
}

/** What a builder accepts for an attribute; numbers become `int` or `float` by the op's schema. */
export type AttributeInput =
  | number
  | bigint
  | boolean
  | string
  | Tensor
  | Graph
  | readonly number[]
  | readonly string[]
  | Attribute;

/** Every graph inside an attribute, outermost only. */
export function graphsOf(attribute: Attribute): readonly Graph[] {
  if (attribute.kind === "graph") return [attribute.value];
  return attribute.kind === "graphs" ? attribute.value : [];
}
