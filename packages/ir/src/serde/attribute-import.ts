import { AttributeType, textOf, type AttributeProto, type TensorProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import type { Attribute, AttributeKind, StringValue } from "../graph/attribute.ts";
import type { Node } from "../graph/node.ts";
import type { Tensor } from "../tensor.ts";
import type { ValueType } from "../types.ts";
import type { ImportContext } from "./context.ts";
import { modelError } from "./diagnostics.ts";
import { importTensor } from "./tensor-import.ts";
import { importType } from "./value-type.ts";

type ValueField = Exclude<keyof AttributeProto, "name" | "type" | "ref_attr_name" | "doc_string" | "unknown_fields">;

/** Kinds in order of their `AttributeType` code from 1 on, and the field that holds the value. */
export const attributeKinds = [
  ["float", "f"],
  ["int", "i"],
  ["string", "s"],
  ["tensor", "t"],
  ["graph", "g"],
  ["floats", "floats"],
  ["ints", "ints"],
  ["strings", "strings"],
  ["tensors", "tensors"],
  ["graphs", "graphs"],
  ["sparse_tensor", "sparse_tensor"],
  ["sparse_tensors", "sparse_tensors"],
  ["type_proto", "tp"],
  ["type_protos", "type_protos"],
] as const satisfies readonly (readonly [AttributeKind, ValueField])[];

/** An attribute of a node (or the default of a function's attribute). @throws import/attribute, tensor/…, external/… */
export function importAttribute(
  proto: AttributeProto,
  node: Node | null,
  context: ImportContext,
  where: Location,
): Attribute {
  const kind = kindOf(proto, where);
  if (proto.ref_attr_name) return { kind: "ref", value: proto.ref_attr_name, of: kind };
  const missing = () => attributeError(proto, `has type ${kind} but no value of it`, where);
  const tensor = (message: TensorProto): Tensor => importTensor(message, context.files, where);
  const type = (message: AttributeProto["tp"]): ValueType => {
    const imported = importType(message, where);
    if (imported === null) throw attributeError(proto, "holds a type without an element type", where);
    return imported;
  };
  switch (kind) {
    case "float":
      return { kind, value: proto.f ?? 0 };
    case "int":
      return { kind, value: proto.i ?? 0n };
    case "string":
      return { kind, value: proto.s ? importString(proto.s) : "" };
    case "floats":
      return { kind, value: proto.floats };
    case "ints":
      return { kind, value: proto.ints };
    case "strings":
      return { kind, value: proto.strings.map(importString) };
    case "tensor":
      if (!proto.t) throw missing();
      return proto.t.name === undefined
        ? { kind, value: tensor(proto.t) }
        : { kind, value: tensor(proto.t), name: proto.t.name };
    case "tensors":
      return { kind, value: proto.tensors.map(tensor) };
    case "graph":
    case "graphs": {
      if (!node) throw attributeError(proto, "is a graph, which only a node can hold", where);
      if (kind === "graphs") return { kind, value: proto.graphs.map((graph) => context.body(graph, node)) };
      if (!proto.g) throw missing();
      return { kind, value: context.body(proto.g, node) };
    }
    case "sparse_tensor":
      if (!proto.sparse_tensor) throw missing();
      return { kind, value: { message: proto.sparse_tensor } };
    case "sparse_tensors":
      return { kind, value: proto.sparse_tensors.map((message) => ({ message })) };
    case "type_proto":
      return { kind, value: type(proto.tp) };
    case "type_protos":
      return { kind, value: proto.type_protos.map(type) };
  }
}

/** Whether an attribute's message holds more than its name, type and value. */
export function isUnusualAttribute(proto: AttributeProto, attribute: Attribute): boolean {
  if (proto.doc_string !== undefined || proto.unknown_fields || !proto.type) return true;
  switch (attribute.kind) {
    case "float":
      return proto.f === undefined;
    case "int":
      return proto.i === undefined;
    case "string":
      return proto.s === undefined;
    case "type_proto":
    case "type_protos":
      return true;
    case "ref":
      return filledFields(proto).length > 0;
    default:
      return false;
  }
}

function kindOf(proto: AttributeProto, where: Location): AttributeKind {
  const filled = filledFields(proto);
  if (proto.type === undefined || proto.type === AttributeType.UNDEFINED) {
    // Files of IR version 1 have no types: the one field with a value tells.
    const only = attributeKinds.find(([, field]) => field === filled[0]);
    if (only && filled.length === 1) return only[0];
    throw attributeError(proto, "has no type", where);
  }
  const entry = attributeKinds[proto.type - 1];
  if (!entry) throw attributeError(proto, `has type ${proto.type}, which ONNX does not have`, where);
  const [kind, expected] = entry;
  const wrong = filled.find((field) => field !== expected);
  if (wrong && !proto.ref_attr_name) throw attributeError(proto, `has type ${kind} but its value in ${wrong}`, where);
  return kind;
}

function filledFields(proto: AttributeProto): readonly ValueField[] {
  const filled: ValueField[] = [];
  for (const [, field] of attributeKinds) {
    const value = proto[field];
    if (Array.isArray(value) ? value.length > 0 : value !== undefined) filled.push(field);
  }
  return filled;
}

function importString(bytes: Uint8Array): StringValue {
  const text = textOf(bytes);
  // A lone surrogate stands for a byte that is no text.
  return /\p{Surrogate}/u.test(text) ? bytes : text;
}

function attributeError(proto: AttributeProto, what: string, where: Location) {
  return modelError("import/attribute", `attribute "${proto.name ?? ""}" ${what}`, where);
}
