import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { dependentNodes } from "./dependencies.ts";

interface Visit {
  readonly node: Node;
  readonly index: number;
  readonly dependents: Iterator<Node>;
  /** Smallest index on the stack that is reachable from here. */
  low: number;
}

/**
 * The sets of nodes that depend on one another (strongly connected components of more than one node, or of one that
 * reads itself), each in graph order; empty in a valid graph.
 *
 * Tarjan's algorithm (SIAM J. Comput. 1972) on a stack of its own, since graphs are deeper than the call stack.
 */
export function findCycles(graph: Graph): readonly (readonly Node[])[] {
  const order = new Map<Node, number>([...graph.nodes].map((node, index) => [node, index]));
  const indices = new Map<Node, number>();
  const onStack = new Set<Node>();
  const stack: Node[] = [];
  const path: Visit[] = [];
  const cycles: Node[][] = [];
  const open = (node: Node): void => {
    const index = indices.size;
    indices.set(node, index);
    stack.push(node);
    onStack.add(node);
    path.push({ node, index, low: index, dependents: dependentNodes(node).values() });
  };
  const close = (visit: Visit): void => {
    const parent = path.at(-1);
    if (parent) parent.low = Math.min(parent.low, visit.low);
    if (visit.low !== visit.index) return;
    const component = stack.splice(stack.lastIndexOf(visit.node));
    for (const node of component) onStack.delete(node);
    const [first] = component;
    if (component.length > 1 || dependentNodes(first!).has(first!)) cycles.push(component);
  };
  for (const start of graph.nodes) {
    if (!indices.has(start)) open(start);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { value: next, done } = top.dependents.next();
      if (done) close(path.pop()!);
      else if (!indices.has(next)) open(next);
      else if (onStack.has(next)) top.low = Math.min(top.low, indices.get(next)!);
    }
  }
  const place = (node: Node): number => order.get(node)!;
  for (const cycle of cycles) cycle.sort((a, b) => place(a) - place(b));
  return cycles.sort((a, b) => place(a[0]!) - place(b[0]!));
}
