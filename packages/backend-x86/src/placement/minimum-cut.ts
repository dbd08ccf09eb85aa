import { invariant } from "@lowbit/ir";

interface Edge {
  readonly to: number;
  /** What may still flow. */
  rest: number;
  readonly back: Edge | null;
}

/**
 * A network of capacities between numbered nodes, and its minimum cut by maximum flow: shortest augmenting paths in level
 * graphs (Dinic 1970). Capacities are at least 0 and may be infinite; all loops are iterative, so chains may be long.
 */
export class FlowNetwork {
  readonly #edges: Edge[][] = [];

  /** A new node; returns its number. */
  addNode(): number {
    return this.#edges.push([]) - 1;
  }

  /** Lets at most `capacity` flow from one node to another. */
  addEdge(from: number, to: number, capacity: number): void {
    invariant(capacity >= 0, "capacities are not negative");
    if (capacity === 0 || from === to) return;
    const back: { -readonly [K in keyof Edge]: Edge[K] } = { to: from, rest: 0, back: null };
    const edge: Edge = { to, rest: capacity, back };
    back.back = edge;
    this.#edges[from]!.push(edge);
    this.#edges[to]!.push(back);
  }

  /**
   * Splits the nodes so that the capacities from the side of `source` to the side of `sink` are least; of several such
   * cuts, that with the fewest nodes at the source. Tells for each node whether it is at the source. Uses up the capacities.
   */
  cut(source: number, sink: number): readonly boolean[] {
    for (let levels = this.#levels(source); levels[sink]! >= 0; levels = this.#levels(source)) {
      const next = new Int32Array(this.#edges.length);
      for (let path = this.#path(source, sink, levels, next); path; path = this.#path(source, sink, levels, next)) {
        const flow = path.reduce((least, { rest }) => Math.min(least, rest), Infinity);
        invariant(Number.isFinite(flow), "some path from source to sink has a finite capacity");
        for (const edge of path) {
          edge.rest -= flow;
          edge.back!.rest += flow;
        }
      }
    }
    return Array.from(this.#levels(source), (level) => level >= 0);
  }

  /** How many edges each node is away from the source; -1 where nothing can flow to. */
  #levels(source: number): Int32Array {
    const levels = new Int32Array(this.#edges.length).fill(-1);
    levels[source] = 0;
    const queue = [source];
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!;
      for (const { to, rest } of this.#edges[node]!) {
        if (rest <= 0 || levels[to]! >= 0) continue;
        levels[to] = levels[node]! + 1;
        queue.push(to);
      }
    }
    return levels;
  }

  /** A path along growing levels; `next` remembers which edges of a node lead nowhere. */
  #path(source: number, sink: number, levels: Int32Array, next: Int32Array): Edge[] | null {
    const path: Edge[] = [];
    for (let node = source; node !== sink;) {
      const edge = this.#edges[node]![next[node]!];
      if (edge && edge.rest > 0 && levels[edge.to] === levels[node]! + 1) {
        path.push(edge);
        node = edge.to;
      } else if (edge) {
        next[node]!++;
      } else {
        const last = path.pop();
        if (!last) return null;
        node = last.back!.to;
        next[node]!++;
      }
    }
    return path;
  }
}
