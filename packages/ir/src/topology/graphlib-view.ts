import { alg, Graph as GraphlibGraph } from "@dagrejs/graphlib";
import type { Graph } from "../graph/graph.ts";
import { captured } from "../graph/node-order.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { hasBody } from "../graph/has-body.ts";

/** A graph as graphlib sees it: labels of nodes are `Node`s, labels of edges are the `Value`s that flow. */
export type GraphlibView = GraphlibGraph<Graph, Node, Value>;

/** A graphlib graph and the names its nodes have there. */
export interface View {
  readonly graph: GraphlibView;
  /** The name of a node in `graph`. */
  readonly nameOf: (node: Node) => string;
}

/**
 * A copy of a graph's structure for graphlib's algorithms (https://github.com/dagrejs/graphlib): a directed multigraph
 * with one edge for each operand that another node computes, named by the operand's index, and one for each value that
 * a body reads, named by the value.
 *
 * Those of graphlib's algorithms that recurse (components, tarjan, findCycles, topsort, preorder, postorder) overflow
 * the call stack on graphs of some thousands of nodes; the functions of this package that answer the same questions do
 * not.
 */
export function toGraphlib(graph: Graph): View {
  const view: GraphlibView = new GraphlibGraph({ directed: true, multigraph: true });
  view.setGraph(graph);
  const names = new Map<Node, string>();
  for (const node of graph.nodes) {
    const name = String(names.size);
    names.set(node, name);
    view.setNode(name, node);
  }
  const connect = (value: Value | null, node: Node, edge: string): void => {
    const producer = value?.producer && names.get(value.producer);
    if (producer !== undefined && producer !== null) view.setEdge(producer, names.get(node)!, value!, edge);
  };
  for (const node of graph.nodes) {
    node.inputs.forEach((value, index) => connect(value, node, String(index)));
    if (hasBody(node)) for (const value of captured(node)) connect(value, node, value.name);
  }
  return { graph: view, nameOf: (node) => names.get(node)! };
}

/** The shortest chain of nodes through which a result of `from` reaches `to`, both included; null when none does. */
export function shortestPath(from: Node, to: Node): readonly Node[] | null {
  const { graph, nameOf } = toGraphlib(from.graph);
  const paths = alg.dijkstra(graph as GraphlibGraph, nameOf(from));
  const path: Node[] = [];
  if (paths[nameOf(to)]!.distance === Infinity) return null;
  for (let name = nameOf(to); name !== ""; name = paths[name]!.predecessor) path.push(graph.node(name));
  return path.reverse();
}
