import type { Node } from "./node.ts";

/** Whether an attribute of a node holds graphs, which it runs or not, once or often: as If, Loop and Scan. */
export function hasBody(node: Node): boolean {
  for (const { kind } of node.attributes.values()) if (kind === "graph" || kind === "graphs") return true;
  return false;
}
