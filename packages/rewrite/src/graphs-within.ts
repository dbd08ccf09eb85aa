import { graphsOf, type Graph } from "@lowbit/ir";

/** A graph and the bodies of its If, Loop and Scan nodes, those inside them included; outer graphs come first. */
export function graphsWithin(graph: Graph): readonly Graph[] {
  const found: Graph[] = [graph];
  for (let i = 0; i < found.length; i++) {
    for (let node = found[i]!.nodes.first; node; node = node.next) {
      if (node.attributes.size === 0) continue;
      for (const attribute of node.attributes.values()) {
        if (attribute.kind === "graph" || attribute.kind === "graphs") found.push(...graphsOf(attribute));
      }
    }
  }
  return found;
}
