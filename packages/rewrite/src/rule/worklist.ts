import type { EditListener, Node } from "@lowbit/ir";

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
    this.#add(node);
    let level: Iterable<Node> = [node];
    for (let left = this.#depth - 1; left > 0; left--) {
      const readers = readersOf(level);
      if (readers.size === 0) return;
      for (const each of readers) this.#add(each);
      level = readers;
    }
  }

  /** An operand of an erased node may have become private to its other readers. */
  erased(node: Node): void {
    for (const value of node.inputs) {
      if (value && !value.producer && value.uses.size <= 2) for (const user of value.users) this.changed(user);
    }
  }

  #add(node: Node): void {
    if (node.erased || !this.#wants(node) || this.#waiting.has(node)) return;
    this.#waiting.add(node);
    this.#queue.push(node);
  }
}

function readersOf(nodes: Iterable<Node>): Set<Node> {
  const readers = new Set<Node>();
  for (const { outputs } of nodes) {
    for (const value of outputs) if (value) for (const use of value.uses) readers.add(use.node);
  }
  return readers;
}
