import {
  create,
  type GraphProto,
  type NodeProto,
  type SparseTensorProto,
  type TensorProto,
  type ValueInfoProto,
} from "@lowbit/onnx-proto";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { schemaOf } from "../ops/registry.ts";
import { sameType } from "../types.ts";
import { exportAttribute } from "./attribute-export.ts";
import { CarriedGraph, CarriedNode, type CarriedInfo, type Draft } from "./carried.ts";
import type { ExportContext } from "./context.ts";
import { exportEntries } from "./metadata.ts";
import { exportSparseTensor, exportTensor, withRole } from "./tensor-export.ts";
import { exportType } from "./value-type.ts";

/** The message of a graph, bodies included. */
export function exportGraph(graph: Graph, context: ExportContext): GraphProto {
  const carried = graph.carried instanceof CarriedGraph ? graph.carried : null;
  const proto: Draft<GraphProto> = create("GraphProto", carried?.rest);
  if (graph.name !== "") proto.name = graph.name;
  if (graph.docString !== "") proto.doc_string = graph.docString;
  proto.metadata_props = exportEntries(graph.metadata, carried?.rest.metadata_props);
  proto.input = graph.inputs.map((value) => exportInfo(value, carried?.inputs.get(value.name) ?? null));
  proto.output = graph.outputs.map((value) => exportInfo(value, carried?.outputs.get(value.name) ?? null));
  proto.value_info = exportValueInfo(graph, carried, context.innerTypes ?? true);
  const [dense, sparse] = exportInitializers(graph, context);
  proto.initializer = dense;
  proto.sparse_initializer = sparse;
  proto.quantization_annotation = (carried?.annotations ?? []).filter(
    ({ tensor_name: name }) => name === undefined || graph.values.has(name),
  );
  const node: NodeProto[] = [];
  for (const each of graph.nodes) node.push(exportNode(each, context));
  proto.node = node;
  return proto;
}

/** The message of a node. */
function exportNode(node: Node, context: ExportContext): NodeProto {
  const carried = node.carried instanceof CarriedNode ? node.carried : null;
  const proto: Draft<NodeProto> = create("NodeProto", carried?.rest);
  proto.input = node.inputs.map((value) => value?.name ?? "");
  proto.output = node.outputs.map((value) => value?.name ?? "");
  proto.op_type = node.op;
  if (node.name !== "") proto.name = node.name;
  if (node.domain !== "") proto.domain = node.domain;
  if (node.docString !== "") proto.doc_string = node.docString;
  if (node.overload !== "") proto.overload = node.overload;
  proto.metadata_props = exportEntries(node.metadata, carried?.metadata);
  if (node.attributes.size > 0) {
    proto.attribute = [...node.attributes].map(([name, attribute]) => {
      const original = carried?.attributes.get(name);
      return exportAttribute(
        name,
        attribute,
        context,
        (body) => exportGraph(body, context),
        original?.attribute === attribute ? original.proto : null,
      );
    });
  }
  return proto;
}

function exportInitializers(
  graph: Graph,
  context: ExportContext,
): readonly [readonly TensorProto[], readonly SparseTensorProto[]] {
  const dense: TensorProto[] = [];
  const sparse: SparseTensorProto[] = [];
  for (const { name, initializer, role } of graph.initializers) {
    const kept = role === "constant" ? exportSparseTensor(initializer!, name, context.place) : null;
    if (kept) sparse.push(kept);
    else dense.push(withRole(exportTensor(initializer!, name, context.place(initializer!, "initializer")), role));
  }
  return [dense, sparse];
}

function exportValueInfo(graph: Graph, carried: CarriedGraph | null, innerTypes: boolean): readonly ValueInfoProto[] {
  const infos: ValueInfoProto[] = [];
  const listed = new Set<string>();
  for (const { name, info, dangling } of carried?.valueInfo ?? []) {
    listed.add(name);
    const value = graph.values.get(name);
    if (!value && dangling && info) infos.push(info.proto);
    else if (value && (value.type !== null || info !== null) && (innerTypes || !isInferred(value)))
      infos.push(exportInfo(value, info));
  }
  for (const node of graph.nodes) {
    for (const value of node.outputs) {
      if (!value || value.type === null || value.returnedBy.has(graph) || listed.has(value.name)) continue;
      if (innerTypes || !isInferred(value)) infos.push(exportInfo(value, null));
    }
  }
  return infos;
}

/**
 * Whether every reader of ONNX can tell the type of a value: it is the result of a standard op. (Inference does not carry
 * names of dimensions through Resize, and knows none that Reshape or Slice do not find in their operand.)
 */
function isInferred({ producer, shape }: Value): boolean {
  if (producer?.domain !== "" || schemaOf(producer.op, producer.domain) === null) return false;
  const named = shape?.filter((dim) => typeof dim !== "number") ?? [];
  if (producer.op === "Resize") return named.length === 0;
  if (producer.op !== "Reshape" && producer.op !== "Slice") return true;
  return named.every((dim) => producer.inputs[0]?.shape?.includes(dim) ?? false);
}

function exportInfo(value: Value, carried: CarriedInfo | null): ValueInfoProto {
  if (carried && sameType(carried.type, value.type)) return carried.proto;
  const proto: Draft<ValueInfoProto> = carried ? { ...carried.proto } : create("ValueInfoProto", { name: value.name });
  if (value.type !== null) proto.type = exportType(value.type);
  return proto;
}
