import type { Graph, Node } from "@lowbit/ir";
import { blocksOf } from "./blocks/blocks.ts";
import { closedLayouts, levelsOf } from "./layout/levels.ts";
import type { ReportEdge, ReportGraph, ReportNode } from "./report-data.ts";

/** What a report says about a node, besides what its graph tells. */
export type NodeFacts = Pick<ReportNode, "layer" | "integer" | "reason" | "time">;

/** The drawing of a graph: its nodes with what is known about them, the blocks they form, and where all of it stands. */
export function reportGraph(graph: Graph, factsOf: (node: Node) => NodeFacts): ReportGraph {
  const all = [...graph.nodes];
  const index = new Map<Node, number>(all.map((node, at) => [node, at]));
  const edges = all.flatMap((node, to) =>
    node.inputs.flatMap((value): readonly ReportEdge[] => {
      const from = value?.producer ? index.get(value.producer) : undefined;
      return value && from !== undefined ? [{ from, to, value: value.name }] : [];
    }),
  );
  const named = all.map((node) => ({ name: node.label, op: node.op }));
  const { blocks, blockOf } = blocksOf(named, edges);
  const nodes = all.map((node, at): ReportNode => ({ ...named[at]!, ...factsOf(node), block: blockOf[at]! }));
  const layouts = closedLayouts(levelsOf({ nodes, edges, blocks }));
  return { nodes, edges, blocks, layouts };
}
