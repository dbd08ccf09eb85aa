import type { GraphProto, NodeProto, ValueInfoProto } from "@lowbit/onnx-proto";
import type { Location } from "../diagnostics.ts";
import { addReturn, link, mutable } from "../edit/mutable.ts";
import { Graph } from "../graph/graph.ts";
import { cycleText, isSorted } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import { Value } from "../graph/value.ts";
import { sortNodes } from "../topology/order.ts";
import { sameType, type ValueType } from "../types.ts";
import { CarriedGraph, restOf, type CarriedInfo, type Draft, type ListedInfo } from "./carried.ts";
import type { ImportContext } from "./context.ts";
import { modelDiagnostic, modelError } from "./diagnostics.ts";
import { importEntries, unusualEntries } from "./metadata.ts";
import { connectNode, declareNode, resolve } from "./node-import.ts";
import { importSparseTensor } from "./sparse-source.ts";
import { importRole } from "./tensor-export.ts";
import { importTensor } from "./tensor-import.ts";
import { importType, isPlainInfo } from "./value-type.ts";

/** A graph of a message: a main graph, the body of a local function, or the body of a node. */
export function importGraph(proto: GraphProto, owner: Node | null, context: ImportContext): Graph {
  const graph = new Graph(proto.name ?? "", owner);
  const target = mutable(graph);
  target.docString = proto.doc_string ?? "";
  target.metadata = new Map(importEntries(proto.metadata_props));
  const inputs = importInputs(graph, proto.input);
  importInitializers(graph, proto, context);
  const nodes = declareNodes(graph, proto.node);
  nodes.forEach((node, index) => connectNode(node, proto.node[index]!, context));
  const outputs = importOutputs(graph, proto.output);
  const valueInfo = importValueInfo(graph, proto.value_info);
  if (!isSorted(graph)) sort(graph, context);
  const rest: Draft<Partial<GraphProto>> = restOf(proto, ["name", "doc_string", "unknown_fields"]);
  if (unusualEntries(proto.metadata_props).length > 0) rest.metadata_props = proto.metadata_props;
  target.carried = new CarriedGraph({
    rest,
    inputs: carriedInfos(inputs),
    outputs: carriedInfos(outputs),
    valueInfo: valueInfo.map(listed),
    annotations: proto.quantization_annotation,
  });
  return graph;
}

function declare(graph: Graph, name: string, what: string): Value {
  if (graph.values.has(name)) {
    throw modelError("import/duplicate-name", `${what} "${name}" has the name of another value of its graph`, {
      value: name,
    });
  }
  const value = new Value(graph, name, null);
  mutable(graph).values.set(name, value);
  graph.names.take(name);
  return value;
}

function importInputs(graph: Graph, infos: readonly ValueInfoProto[]): readonly Declaration[] {
  return infos.map((info) => {
    const name = nameOf(info, "graph input");
    const value = declare(graph, name, "graph input");
    const type = importType(info.type, { value: name });
    mutable(value).type = type;
    mutable(value).isGraphInput = true;
    mutable(graph).inputs.push(value);
    return { info, type, value };
  });
}

function importInitializers(graph: Graph, proto: GraphProto, context: ImportContext): void {
  for (const tensor of proto.initializer) {
    const value = initializer(graph, tensor.name);
    mutable(value).initializer = importTensor(tensor, context.files, { value: value.name });
    mutable(value).role = importRole(tensor);
    finishInitializer(graph, value);
  }
  for (const sparse of proto.sparse_initializer) {
    const value = initializer(graph, sparse.values?.name);
    mutable(value).initializer = importSparseTensor(sparse, context.files, { value: value.name });
    finishInitializer(graph, value);
  }
}

/** The value of an initializer: a new one, or a graph input that gets its default. */
function initializer(graph: Graph, name: string | undefined): Value {
  if (!name) throw modelError("import/node", `an initializer of graph "${graph.name}" has no name`);
  const value = graph.values.get(name);
  return value?.isGraphInput && value.initializer === null ? value : declare(graph, name, "initializer");
}

function finishInitializer(graph: Graph, value: Value): void {
  if (value.type === null) mutable(value).type = value.initializer!.type;
  mutable(graph).initializers.add(value);
}

function declareNodes(graph: Graph, protos: readonly NodeProto[]): readonly Node[] {
  return protos.map((proto) => {
    const node = declareNode(graph, proto);
    const outputs = mutable(node).outputs;
    for (const name of proto.output) {
      if (name === "") {
        outputs.push(null);
        continue;
      }
      const value = declare(graph, name, `output of ${node.op} "${node.label}"`);
      mutable(value).producer = node;
      mutable(value).outputIndex = outputs.length;
      outputs.push(value);
    }
    if (node.name !== "") graph.names.take(node.name);
    link(graph.nodes, node, null);
    return node;
  });
}

function importOutputs(graph: Graph, infos: readonly ValueInfoProto[]): readonly Declaration[] {
  return infos.map((info) => {
    const name = nameOf(info, "graph output");
    const value = resolve(graph, name, null);
    const type = importType(info.type, { value: name });
    if (value.type === null) mutable(value).type = type;
    mutable(graph).outputs.push(value);
    addReturn(value, graph);
    return { info, type, value };
  });
}

function importValueInfo(graph: Graph, infos: readonly ValueInfoProto[]): readonly Declaration[] {
  return infos.map((info) => {
    const name = nameOf(info, "value_info");
    const value = graph.values.get(name) ?? null;
    const type = importType(info.type, { value: name });
    if (value?.type === null) mutable(value).type = type;
    return { info, type, value };
  });
}

/** A declaration in the file, the type it gives, and the value it is about (null: none of that name). */
interface Declaration {
  readonly info: ValueInfoProto;
  readonly type: ValueType | null;
  readonly value: Value | null;
}

function carriedInfos(declarations: readonly Declaration[]): ReadonlyMap<string, CarriedInfo> {
  const carried = new Map<string, CarriedInfo>();
  for (const declaration of declarations) {
    const info = carriedInfo(declaration);
    if (info) carried.set(declaration.info.name ?? "", info);
  }
  return carried;
}

function listed(declaration: Declaration): ListedInfo {
  const { info, value } = declaration;
  return { name: info.name ?? "", info: carriedInfo(declaration), dangling: value === null };
}

/** What to carry of a declaration: nothing if it can be written again from the value's name and type. */
function carriedInfo({ info, type, value }: Declaration): CarriedInfo | null {
  if (value && isPlainInfo(info) && sameType(type, value.type)) return null;
  return { proto: info, type: value?.type ?? null };
}

function nameOf(info: ValueInfoProto, what: string): string {
  if (!info.name) throw modelError("import/node", `a ${what} has no name`);
  return info.name;
}

function sort(graph: Graph, context: ImportContext): void {
  const cycle = sortNodes(graph);
  if (cycle) {
    const where: Location = { node: cycle[0]!.label };
    throw modelError("import/cycle", `nodes need each other's results: ${cycleText(cycle)}`, where);
  }
  context.report(
    modelDiagnostic(
      "import/unsorted",
      "warning",
      `graph "${graph.name}" lists nodes before the nodes they need; they were put in order`,
    ),
  );
}
