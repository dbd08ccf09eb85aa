import { NameTable } from "./name-table.ts";
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/**
 * A graph of nodes in topological order: a model's main graph, or the body of an If, Loop or Scan.
 *
 * A body reads values of the graphs around it directly. Read-only to everyone; `GraphEditor` changes it.
 */
export class Graph {
  readonly name: string;
  readonly docString: string = "";
  readonly inputs: readonly Value[] = [];
  readonly outputs: readonly Value[] = [];
  /** Every value of this graph by name (not those of graphs around or inside it). */
  readonly values: ReadonlyMap<string, Value> = new Map();
  /** Values with data, in the order they were added. */
  readonly initializers: ReadonlySet<Value> = new Set();
  readonly nodes: NodeList = new NodeList();
  readonly metadata: ReadonlyMap<string, string> = new Map();
  /** The node whose attribute this graph is; null for a main graph. */
  readonly owner: Node | null;
  /** Names taken in this graph and all graphs around or inside it. */
  readonly names: NameTable;
  /** Protobuf content the IR does not model, carried to the saved file. */
  readonly carried: unknown = undefined;

  /** @param around the graph this one is a body inside of, for fresh names; null for a main graph. */
  constructor(name: string, owner: Node | null = null, around: Graph | null = owner?.graph ?? null) {
    this.name = name;
    this.owner = owner;
    this.names = around?.names ?? new NameTable();
  }

  /** The value of that name in this graph. */
  value(name: string): Value | null {
    return this.values.get(name) ?? null;
  }

  /** The first node with that name or, failing that, that output name. */
  node(label: string): Node | null {
    for (const node of this.nodes) if (node.name === label) return node;
    return this.value(label)?.producer ?? null;
  }
}

/** Nodes in order. Iteration may erase the current node, and sees nodes inserted after it. */
export class NodeList implements Iterable<Node> {
  readonly first: Node | null = null;
  readonly last: Node | null = null;
  readonly length: number = 0;

  /** The nodes in their order. Nodes that are erased on the way are passed over; those inserted ahead are met. */
  *[Symbol.iterator](): Iterator<Node> {
    for (let node = this.first; node !== null; node = nextAlive(node)) yield node;
  }

  /** From the last node to the first; the current node may be erased. */
  *reversed(): Iterable<Node> {
    let node = this.last;
    while (node !== null) {
      const previous: Node | null = node.previous;
      yield node;
      node = previous;
    }
  }
}

function nextAlive(node: Node): Node | null {
  let next = node.next;
  while (next?.erased) next = next.next;
  return next;
}
