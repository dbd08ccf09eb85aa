import type { EditListener, Node, Value } from "@lowbit/ir";

/** A value with more uses is private to no match; thousands of readers are not looked at each time one of them goes. */
const fewUses = 8;

/**
 * The nodes a driver still has to look at, first in first out, each at most once.
 *
 * It follows the edits of its graph: whatever a pattern of `depth` nodes could see differently now comes back.
 */
export class Worklist implements EditListener {
  readonly #depth: number;
  readonly #wants: (node: Node) => boolean;
  #queue: Node[] = [];
  #head = 0;
  readonly #waiting = new Set<Node>();

  /**
   * @param depth nodes on the longest chain that a pattern looks at
   * @param wants whether the driver can do anything at a node; all others never enter the list
   */
  constructor(nodes: Iterable<Node>, depth: number, wants: (node: Node) => boolean) {
    this.#depth = depth;
    this.#wants = wants;
    for (const node of nodes) this.#add(node);
  }

  /** The next node that still exists; null when nothing is left. */
  take(): Node | null {
    while (this.#head < this.#queue.length) {
      const node = this.#queue[this.#head++]!;
      this.#waiting.delete(node);
      if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (!node.erased) return node;
    }
    return null;
  }

  created(node: Node): void {
    this.changed(node);
  }

  /** The node, and those that see it through at most `depth` nodes. */
  changed(node: Node): void {
    this.#spread([node], this.#depth);
  }

  /** The node that computes the value may see it, and so may those that see readers which it has become private to. */
  usersChanged(value: Value): void {
    if (value.producer) this.#add(value.producer);
    if (value.uses.size <= fewUses) this.#spread(addReaders(new Set(), value), this.#depth - (value.producer ? 1 : 0));
  }

  /** Nodes, and those that read their results, and so on: as many levels. */
  #spread(nodes: Iterable<Node>, levels: number): void {
    let level = nodes;
    for (let left = levels; left > 0; left--) {
      for (const each of level) this.#add(each);
      if (left === 1) return;
      const readers = new Set<Node>();
      for (const { outputs } of level) for (const value of outputs) if (value) addReaders(readers, value);
      if (readers.size === 0) return;
      level = readers;
    }
  }

  #add(node: Node): void {
    if (node.erased || !this.#wants(node) || this.#waiting.has(node)) return;
    this.#waiting.add(node);
    this.#queue.push(node);
  }
}

function addReaders(readers: Set<Node>, value: Value): Set<Node> {
  for (const { node } of value.uses) readers.add(node);
  return readers;
}
