import type { AttributeProto, NodeProto } from "@lowbit/onnx-proto";
import { attachInputs } from "../edit/mutable.ts";
import type { Attribute } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { importAttribute, isUnusualAttribute } from "./attribute-import.ts";
import { CarriedNode, restOf, type Draft } from "./carried.ts";
import type { ImportContext } from "./context.ts";
import { modelError } from "./diagnostics.ts";
import { importDomain, importEntries, unusualEntries } from "./metadata.ts";
import { mutable } from "../edit/mutable.ts";

/** A node without operands and attributes: they wait until every value of the graph exists. */
export function declareNode(graph: Graph, proto: NodeProto): Node {
  const label = proto.name || proto.output.find((name) => name !== "") || "";
  if (!proto.op_type) throw modelError("import/node", `node "${label}" has no op`, { node: label });
  return new Node(graph, {
    op: proto.op_type,
    domain: importDomain(proto.domain),
    name: proto.name ?? "",
    attributes: new Map(),
    origin: { kind: "model", node: label || proto.op_type },
    docString: proto.doc_string ?? "",
    metadata: importEntries(proto.metadata_props),
    overload: proto.overload ?? "",
  });
}

/** Gives a node its attributes, bodies included, and then its operands. @throws import/…, tensor/…, external/… */
export function connectNode(node: Node, proto: NodeProto, context: ImportContext): void {
  const unusual = importAttributes(node, proto.attribute, context);
  if (proto.input.length > 0) {
    const inputs: (Value | null)[] = [];
    for (const name of proto.input) inputs.push(name === "" ? null : resolve(node.graph, name, node));
    attachInputs(node, inputs);
  }
  const rest = restOfNode(proto);
  const metadata = unusualEntries(proto.metadata_props);
  if (unusual.size > 0 || metadata.length > 0 || rest !== noRest) {
    mutable(node).carried = new CarriedNode(rest, unusual, metadata);
  }
}

/** The value a name means in a graph: its own, or one of the graphs around it. @throws import/undefined-value */
export function resolve(graph: Graph, name: string, reader: Node | null): Value {
  for (let scope: Graph | null = graph; scope !== null; scope = scope.owner?.graph ?? null) {
    const value = scope.values.get(name);
    if (value) return value;
  }
  throw modelError(
    "import/undefined-value",
    reader
      ? `${reader.op} "${reader.label}" reads "${name}", which no node, input or initializer defines`
      : `graph "${graph.name}" returns "${name}", which no node, input or initializer defines`,
    reader ? { node: reader.label, value: name } : { value: name },
  );
}

const noUnusual: CarriedNode["attributes"] = new Map();

function importAttributes(
  node: Node,
  protos: readonly AttributeProto[],
  context: ImportContext,
): CarriedNode["attributes"] {
  if (protos.length === 0) return noUnusual;
  const attributes = mutable(node).attributes;
  let unusual: Map<string, { readonly attribute: Attribute; readonly proto: AttributeProto }> | null = null;
  const where = { node: node.label };
  for (const proto of protos) {
    const name = proto.name ?? "";
    if (attributes.has(name)) {
      throw modelError("import/node", `${node.op} "${node.label}" has attribute "${name}" twice`, where);
    }
    const attribute = importAttribute(proto, node, context, where);
    attributes.set(name, attribute);
    if (isUnusualAttribute(proto, attribute)) (unusual ??= new Map()).set(name, { attribute, proto });
  }
  return unusual ?? noUnusual;
}

const noRest: Partial<NodeProto> = {};

/** Nodes are many and the rest is rare: nothing is made where there is none. */
function restOfNode(proto: NodeProto): Partial<NodeProto> {
  const { name, doc_string, domain, overload, device_configurations, unknown_fields } = proto;
  const empty = name === "" || doc_string === "" || domain === "" || overload === "";
  if (!empty && domain !== "ai.onnx" && device_configurations.length === 0 && !unknown_fields) return noRest;
  const rest: Draft<Partial<NodeProto>> = restOf(proto, [
    "name",
    "doc_string",
    "domain",
    "overload",
    "device_configurations",
    "unknown_fields",
  ]);
  if (domain === "ai.onnx") rest.domain = domain;
  return rest;
}
