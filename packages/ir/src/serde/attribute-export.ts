import { create, textBytes, type AttributeProto, type GraphProto, type SparseTensorProto } from "@lowbit/onnx-proto";
import type { Attribute, StringValue } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";
import { attributeKinds } from "./attribute-import.ts";
import type { Draft } from "./carried.ts";
import type { ExportContext } from "./context.ts";
import { exportTensor } from "./tensor-export.ts";
import { exportType } from "./value-type.ts";

/**
 * The message of an attribute. `original` is its message in the file, given only when it says more than the attribute
 * does and the attribute is still the same.
 */
export function exportAttribute(
  name: string,
  attribute: Attribute,
  context: ExportContext,
  body: (graph: Graph) => GraphProto,
  original: AttributeProto | null,
): AttributeProto {
  const kind = attribute.kind === "ref" ? attribute.of : attribute.kind;
  const proto: Draft<AttributeProto> = create("AttributeProto", {
    name,
    type: attributeKinds.findIndex(([known]) => known === kind) + 1,
  });
  const tensor = (value: Tensor, own: string | null) => exportTensor(value, own, context.place(value, "attribute"));
  switch (attribute.kind) {
    case "float":
      proto.f = attribute.value;
      break;
    case "int":
      proto.i = attribute.value;
      break;
    case "string":
      proto.s = exportString(attribute.value);
      break;
    case "tensor":
      proto.t = tensor(attribute.value, attribute.name ?? null);
      break;
    case "graph":
      proto.g = body(attribute.value);
      break;
    case "floats":
      proto.floats = attribute.value;
      break;
    case "ints":
      proto.ints = attribute.value;
      break;
    case "strings":
      proto.strings = attribute.value.map(exportString);
      break;
    case "tensors":
      proto.tensors = attribute.value.map((value) => tensor(value, null));
      break;
    case "graphs":
      proto.graphs = attribute.value.map(body);
      break;
    case "sparse_tensor":
      proto.sparse_tensor = attribute.value.message as SparseTensorProto;
      break;
    case "sparse_tensors":
      proto.sparse_tensors = attribute.value.map(({ message }) => message as SparseTensorProto);
      break;
    case "type_proto":
      proto.tp = original?.tp ?? exportType(attribute.value);
      break;
    case "type_protos":
      proto.type_protos = original?.type_protos ?? attribute.value.map(exportType);
      break;
    case "ref":
      proto.ref_attr_name = attribute.value;
      break;
  }
  return original === null ? proto : merged(original, proto);
}

/** The original message around a value that may hold changed graphs. */
function merged(original: AttributeProto, fresh: AttributeProto): AttributeProto {
  const proto: Draft<AttributeProto> = { ...original };
  if (fresh.g) proto.g = fresh.g;
  if (fresh.graphs.length > 0) proto.graphs = fresh.graphs;
  if (fresh.t) proto.t = fresh.t;
  if (fresh.tensors.length > 0) proto.tensors = fresh.tensors;
  return proto;
}

function exportString(value: StringValue): Uint8Array {
  return typeof value === "string" ? textBytes(value) : value;
}
