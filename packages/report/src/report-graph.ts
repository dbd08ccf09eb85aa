import type { Graph, Node } from "@lowbit/ir";
import type { Analysis, Skipped } from "@lowbit/quantize";
import type { ReportEdge, ReportGraph } from "./report-data.ts";

/** The drawing of the graph that an analysis is about, each node with its layer or the reason why it stays float. */
export function reportGraph(graph: Graph, { layers }: Analysis, skipped: readonly Skipped[]): ReportGraph {
  const layerOf = new Map(layers.flatMap(({ name, nodes }) => nodes.map((node) => [node, name] as const)));
  const reasons = new Map(skipped.map(({ node, reason }) => [node, reason]));
  const nodes = [...graph.nodes];
  const index = new Map<Node, number>(nodes.map((node, at) => [node, at]));
  const edges = nodes.flatMap((node, to) =>
    node.inputs.flatMap((value): readonly ReportEdge[] => {
      const from = value?.producer ? index.get(value.producer) : undefined;
      return value && from !== undefined ? [{ from, to, value: value.name }] : [];
    }),
  );
  return {
    nodes: nodes.map((node) => ({
      name: node.label,
      op: node.op,
      layer: layerOf.get(node.label) ?? null,
      reason: reasons.get(node) ?? null,
    })),
    edges,
  };
}
