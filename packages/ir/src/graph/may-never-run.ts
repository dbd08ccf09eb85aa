import type { Node } from "./node.ts";

/**
 * Whether a node is in a branch of an If, at any depth. What is wrong there with the shapes at hand can be right all the same:
 * then the branch is not the one that runs.
 */
export function mayNeverRun(node: Node): boolean {
  for (let owner = node.graph.owner; owner !== null; owner = owner.graph.owner) if (owner.is("If")) return true;
  return false;
}
