import { cloneModel, exportModel, GraphEditor, graphsOf, type Graph, type Model, type Node } from "@lowbit/ir";
import { encodeModel, type GraphProto, type ModelProto, type NodeProto } from "@lowbit/onnx-proto";

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** The nodes of a graph and of the bodies inside it, outer ones first; a node's place in it is its number. */
export function nodesWithin(graph: Graph): readonly Node[] {
  const nodes: Node[] = [];
  const pending = [graph];
  for (const each of pending) {
    for (const node of each.nodes) {
      nodes.push(node);
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
  return nodes;
}

/**
 * The bytes of a model whose nodes and their results are named after their numbers. ONNX Runtime makes the names of new nodes
 * out of those of the nodes they replace, so the numbers tell where a node came from.
 */
export function taggedBytes(model: Model): Uint8Array {
  const copy = cloneModel(model);
  for (const [number, node] of nodesWithin(copy.graph).entries()) {
    const editor = new GraphEditor(node.graph);
    for (const [index, value] of node.outputs.entries()) if (value) editor.rename(value, tag(number, index));
  }
  const proto = exportModel(copy);
  for (const [number, node] of protosWithin(proto.graph!).nodes.entries())
    (node as Draft<NodeProto>).name = tag(number);
  return encodeModel(proto);
}

/** The numbers in a name. */
export function numbersIn(name: string): readonly number[] {
  return [...name.matchAll(pattern)].map((match) => Number(match[1]));
}

/** A name of ONNX Runtime's graph in the words of the model that was tagged. */
export function restoredName(name: string, sources: readonly Node[]): string {
  return name.replaceAll(pattern, (_, number: string, index: string) => {
    const node = sources[Number(number)]!;
    return index === "" ? node.label : (node.outputs[Number(index)]?.name ?? node.label);
  });
}

/** The node of the main graph that a node is, or that holds the body it is in. */
export function outermost(node: Node): Node {
  let at = node;
  while (at.graph.owner) at = at.graph.owner;
  return at;
}

/** Gives a model of ONNX Runtime back the names that the tagged model was made from, in place. */
export function restoreNames(proto: ModelProto, sources: readonly Node[]): void {
  const restored = (name: string): string => restoredName(name, sources);
  const { graphs, nodes } = protosWithin(proto.graph!);
  for (const node of nodes as readonly Draft<NodeProto>[]) {
    if (node.name !== undefined) node.name = restored(node.name);
    node.input = node.input.map(restored);
    node.output = node.output.map(restored);
  }
  for (const { initializer, input, output, value_info: info } of graphs) {
    for (const named of [...initializer, ...input, ...output, ...info] as readonly { name?: string }[]) {
      if (named.name !== undefined) named.name = restored(named.name);
    }
  }
}

/** Unlike any name an exporter or ONNX Runtime makes up. */
const pattern = /#(\d+)#(\d*)/g;

function tag(number: number, index: number | "" = ""): string {
  return `#${number}#${index}`;
}

/** The graphs and nodes of a message, in the order of `nodesWithin`. */
function protosWithin(graph: GraphProto): {
  readonly graphs: readonly GraphProto[];
  readonly nodes: readonly NodeProto[];
} {
  const graphs = [graph];
  const nodes: NodeProto[] = [];
  for (const each of graphs) {
    for (const node of each.node) {
      nodes.push(node);
      for (const { g, graphs: several } of node.attribute) graphs.push(...(g ? [g] : []), ...several);
    }
  }
  return { graphs, nodes };
}
