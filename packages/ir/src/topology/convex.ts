import type { Node } from "../graph/node.ts";
import { dependentNodes } from "./dependencies.ts";

/**
 * A way out of a set of nodes and back in: a member, nodes outside, a member; null when there is none. A set with such
 * a way cannot become one node, because that node would need its own result.
 */
export function returnPath(nodes: Iterable<Node>): readonly Node[] | null {
  const members = new Set(nodes);
  const cameFrom = new Map<Node, Node>();
  const pending: Node[] = [];
  const visit = (from: Node): Node | null => {
    for (const next of dependentNodes(from)) {
      if (members.has(next)) {
        if (!members.has(from)) return next;
      } else if (!cameFrom.has(next)) {
        cameFrom.set(next, from);
        pending.push(next);
      }
    }
    return null;
  };
  for (const member of members) visit(member);
  for (let node = pending.pop(); node; node = pending.pop()) {
    const back = visit(node);
    if (back === null) continue;
    const path = [back];
    for (let at: Node | undefined = node; at; at = cameFrom.get(at)) path.push(at);
    return path.reverse();
  }
  return null;
}

/** Whether no result leaves the set and comes back to it: the set can be run as one unit. */
export function isConvex(nodes: Iterable<Node>): boolean {
  return returnPath(nodes) === null;
}
