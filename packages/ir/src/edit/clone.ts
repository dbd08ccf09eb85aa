import type { Attribute } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import type { Model } from "../graph/model.ts";
import { Node } from "../graph/node.ts";
import { Value } from "../graph/value.ts";
import { addReturn, attachInputs, link, mutable } from "./mutable.ts";

/** A copy of a graph and what became of each of its values; tensors are shared, since they are immutable. */
export interface Clone {
  readonly graph: Graph;
  readonly values: ReadonlyMap<Value, Value>;
}

/**
 * Copies a graph, bodies included: same names, types, data, roles and origins.
 *
 * A body that is copied on its own goes on reading the same values of the graphs around it.
 */
export function cloneGraph(graph: Graph): Clone {
  const values = new Map<Value, Value>();
  return { graph: copy(graph, null, graph.owner?.graph ?? null, values), values };
}

/** Copies a model and its graph; local functions are shared. */
export function cloneModel(model: Model): Model {
  return {
    ...model,
    graph: cloneGraph(model.graph).graph,
    opsets: new Map(model.opsets),
    functions: [...model.functions],
    metadata: new Map(model.metadata),
  };
}

function copy(graph: Graph, owner: Node | null, around: Graph | null, values: Map<Value, Value>): Graph {
  const result = new Graph(graph.name, owner, around);
  const target = mutable(result);
  target.docString = graph.docString;
  target.metadata = new Map(graph.metadata);
  target.carried = graph.carried;
  for (const value of graph.values.values()) {
    const twin = new Value(result, value.name, value.type);
    const writable = mutable(twin);
    writable.initializer = value.initializer;
    writable.role = value.role;
    writable.isGraphInput = value.isGraphInput;
    writable.outputIndex = value.outputIndex;
    writable.elements = value.elements ? [...value.elements] : null;
    values.set(value, twin);
    target.values.set(value.name, twin);
    target.names.take(value.name);
  }
  const twinOf = (value: Value): Value => values.get(value) ?? value;
  target.inputs = graph.inputs.map(twinOf);
  for (const value of graph.initializers) target.initializers.add(twinOf(value));
  for (const node of graph.nodes) {
    const attributes = new Map<string, Attribute>();
    const twin = new Node(result, {
      op: node.op,
      domain: node.domain,
      name: node.name,
      attributes,
      origin: node.origin,
      docString: node.docString,
      metadata: node.metadata,
      overload: node.overload,
      carried: node.carried,
    });
    if (node.name) result.names.take(node.name);
    for (const [name, attribute] of node.attributes)
      attributes.set(name, copyAttribute(attribute, twin, result, values));
    attachInputs(
      twin,
      node.inputs.map((value) => value && twinOf(value)),
    );
    mutable(twin).outputs = node.outputs.map((value) => {
      if (!value) return null;
      const output = twinOf(value);
      mutable(output).producer = twin;
      return output;
    });
    link(result.nodes, twin, null);
  }
  target.outputs = graph.outputs.map(twinOf);
  for (const value of result.outputs) addReturn(value, result);
  return result;
}

function copyAttribute(attribute: Attribute, owner: Node, around: Graph, values: Map<Value, Value>): Attribute {
  if (attribute.kind === "graph") return { kind: "graph", value: copy(attribute.value, owner, around, values) };
  if (attribute.kind === "graphs") {
    return { kind: "graphs", value: attribute.value.map((body) => copy(body, owner, around, values)) };
  }
  return attribute;
}
