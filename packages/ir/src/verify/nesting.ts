import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { at, nodeText, type Report } from "./report.ts";

/** A graph and its nodes in order. */
export interface GraphNodes {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
}

/**
 * A graph and all bodies inside it, outer ones first. Null, and reported, when the lists of nodes or the nesting are so
 * broken that walking them would not end or would end up elsewhere; nothing else can be checked then.
 */
export function nestedGraphs(root: Graph, report: Report): readonly GraphNodes[] | null {
  const found: GraphNodes[] = [];
  const seen = new Set<Graph>();
  const before = report.findings.length;
  const pending = [root];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    if (seen.has(graph)) {
      report.error("graph/links", `graph "${graph.name}" is inside itself, or the body of two nodes`);
      break;
    }
    seen.add(graph);
    const nodes = listedNodes(graph, report);
    found.push({ graph, nodes });
    for (const node of nodes) {
      for (const body of bodiesOf(node)) {
        if (body.owner !== node) {
          report.error("graph/links", `a body of ${nodeText(node)} belongs to another node`, at(node));
        }
        pending.push(body);
      }
    }
  }
  return report.findings.length === before ? found : null;
}

/** The graphs in a node's attributes. */
function bodiesOf(node: Node): readonly Graph[] {
  return node.attributes.size === 0 ? [] : [...node.attributes.values()].flatMap(graphsOf);
}

function listedNodes(graph: Graph, report: Report): readonly Node[] {
  const nodes = new Set<Node>();
  let previous: Node | null = null;
  // Not the list's own iterator: it passes over erased nodes, and a broken list may not end.
  for (let node = graph.nodes.first; node !== null; node = node.next) {
    if (nodes.has(node)) {
      report.error("graph/links", `the nodes of graph "${graph.name}" run in a circle at ${nodeText(node)}`, at(node));
      return [...nodes];
    }
    nodes.add(node);
    if (node.graph !== graph || node.erased) {
      report.error("graph/links", `${nodeText(node)} is listed in graph "${graph.name}" but is not of it`, at(node));
    }
    if (node.previous !== previous) report.error("graph/links", `${nodeText(node)} has a wrong neighbour`, at(node));
    previous = node;
  }
  if (graph.nodes.last !== previous || graph.nodes.length !== nodes.size) {
    report.error("graph/links", `the nodes of graph "${graph.name}" have a wrong end or number`);
  }
  return [...nodes];
}
