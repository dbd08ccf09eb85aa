import { addReturn, attachInputs, link, mutable } from "../../edit/mutable.ts";
import type { Attribute } from "../../graph/attribute.ts";
import { Graph } from "../../graph/graph.ts";
import { Node } from "../../graph/node.ts";
import { rewriteOrigin } from "../../graph/origin.ts";
import { Value } from "../../graph/value.ts";

/** A place where the nodes of a function's body are copied to. */
export interface CopySite {
  /** The call that is replaced; new nodes go before it. */
  readonly call: Node;
  /** What the values of the function's body became; absent operands are null. Grows while nodes are copied. */
  readonly values: Map<Value, Value | null>;
  /** The attributes of the call, or the function's defaults; an attribute without either is absent. */
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** Copies the nodes of a function's body before its call. Returns them, those in bodies included. */
export function copyNodes(body: Graph, site: CopySite): readonly Node[] {
  const copies: Node[] = [];
  for (const node of body.nodes) copyNode(node, site.call.graph, site.call, site, copies);
  return copies;
}

function copyNode(node: Node, graph: Graph, before: Node | null, site: CopySite, copies: Node[]): void {
  const attributes = new Map<string, Attribute>();
  const copy = new Node(graph, {
    op: node.op,
    domain: node.domain,
    name: node.name && graph.names.fresh(`${site.call.label}/${node.name}`),
    attributes,
    origin: rewriteOrigin("inline-functions", [site.call.origin]),
    docString: node.docString,
    metadata: node.metadata,
    overload: node.overload,
    carried: node.carried,
  });
  copies.push(copy);
  for (const [name, attribute] of node.attributes) {
    const copied = copyAttribute(attribute, copy, site, copies);
    if (copied) attributes.set(name, copied);
  }
  attachInputs(
    copy,
    node.inputs.map((value) => value && meaning(value, site)),
  );
  mutable(copy).outputs = node.outputs.map((value, index) => {
    if (!value) return null;
    const output = copyValue(value, graph, site);
    mutable(output).producer = copy;
    mutable(output).outputIndex = index;
    return output;
  });
  link(graph.nodes, copy, before);
}

function copyAttribute(attribute: Attribute, owner: Node, site: CopySite, copies: Node[]): Attribute | null {
  if (attribute.kind === "ref") return site.attributes.get(attribute.value) ?? null;
  if (attribute.kind === "graph") return { kind: "graph", value: copyBody(attribute.value, owner, site, copies) };
  if (attribute.kind !== "graphs") return attribute;
  return { kind: "graphs", value: attribute.value.map((body) => copyBody(body, owner, site, copies)) };
}

function copyBody(body: Graph, owner: Node, site: CopySite, copies: Node[]): Graph {
  const copy = new Graph(body.name, owner);
  const target = mutable(copy);
  target.docString = body.docString;
  target.metadata = new Map(body.metadata);
  target.inputs = body.inputs.map((value) => copyValue(value, copy, site));
  for (const value of body.initializers) target.initializers.add(copyValue(value, copy, site));
  for (const node of body.nodes) copyNode(node, copy, null, site, copies);
  for (const value of body.outputs) {
    const output = meaning(value, site) ?? copyValue(value, copy, site);
    target.outputs.push(output);
    addReturn(output, copy);
  }
  return copy;
}

/** The copy of a value of a body, under a name that is new in the whole graph around the call. */
function copyValue(value: Value, graph: Graph, site: CopySite): Value {
  const known = site.values.get(value);
  if (known) return known;
  const copy = new Value(graph, graph.names.fresh(`${site.call.label}/${value.name}`), value.type);
  const target = mutable(copy);
  target.initializer = value.initializer;
  target.role = value.role;
  target.isGraphInput = value.isGraphInput && graph !== site.call.graph;
  mutable(graph).values.set(copy.name, copy);
  site.values.set(value, copy);
  return copy;
}

/** What a value of the function's body is at the call. */
function meaning(value: Value, site: CopySite): Value | null {
  return site.values.has(value) ? site.values.get(value)! : value;
}
