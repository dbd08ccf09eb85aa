import { graphsOf, type Graph } from "@lowbit/ir";

/** A graph and the bodies of its If, Loop and Scan nodes, those inside them included; outer graphs come first. */
export function graphsWithin(graph: Graph): readonly Graph[] {
  const found: Graph[] = [graph];
  for (let i = 0; i < found.length; i++) {
    for (const node of found[i]!.nodes) {
      for (const attribute of node.attributes.values()) found.push(...graphsOf(attribute));
    }
  }
  return found;
}
