import type { Node, Value } from "@lowbit/ir";

/** Why something did not match: the reason and the node or value it is about. */
export interface Mismatch {
  readonly reason: string;
  readonly at: Node | Value;
}

/** The mismatch that came after the most matched nodes; of equals, the first. */
export class Trail {
  #depth = -1;
  #reason: (() => string) | null = null;
  #at: Node | Value | null = null;

  /** Notes that a match with `depth` matched nodes went no further; the text is only made if somebody asks. */
  note(depth: number, at: Node | Value, reason: () => string): null {
    if (depth > this.#depth) {
      this.#depth = depth;
      this.#reason = reason;
      this.#at = at;
    }
    return null;
  }

  get deepest(): Mismatch | null {
    return this.#reason && this.#at ? { reason: this.#reason(), at: this.#at } : null;
  }
}

interface Binding {
  readonly name: string;
  readonly thing: Value | Node;
  readonly rest: Binding | null;
}

/** A node of the match; others may read an interior one's results only if it is `shared`. */
export interface MatchedNode {
  readonly node: Node;
  readonly shared: boolean;
  readonly rest: MatchedNode | null;
}

/** What a match has found so far. Immutable: every step makes a new one on top of the old. */
export class MatchState {
  readonly root: Node;
  readonly trail: Trail;
  readonly nodes: MatchedNode | null;
  /** Number of matched nodes. */
  readonly depth: number;
  readonly #bindings: Binding | null;

  private constructor(root: Node, trail: Trail, nodes: MatchedNode | null, depth: number, bindings: Binding | null) {
    this.root = root;
    this.trail = trail;
    this.nodes = nodes;
    this.depth = depth;
    this.#bindings = bindings;
  }

  static start(root: Node, trail: Trail): MatchState {
    return new MatchState(root, trail, null, 0, null);
  }

  withNode(node: Node, shared: boolean): MatchState {
    const nodes = { node, shared, rest: this.nodes };
    return new MatchState(this.root, this.trail, nodes, this.depth + 1, this.#bindings);
  }

  /** The state with a name bound; null (and a note) when the name already stands for something else. */
  bind(name: string, thing: Value | Node): MatchState | null {
    const bound = this.lookup(name);
    if (bound === thing) return this;
    if (bound) return this.fail(thing, () => `differs from the other "${name}"`);
    const bindings = { name, thing, rest: this.#bindings };
    return new MatchState(this.root, this.trail, this.nodes, this.depth, bindings);
  }

  lookup(name: string): Value | Node | null {
    for (let binding = this.#bindings; binding; binding = binding.rest) if (binding.name === name) return binding.thing;
    return null;
  }

  /** The names as an object; those that are not bound are null. */
  captures(names: readonly string[]): Record<string, Value | Node | null> {
    return Object.fromEntries(names.map((name) => [name, this.lookup(name)]));
  }

  /** Notes why the match ends here. */
  fail(at: Node | Value, reason: () => string): null {
    return this.trail.note(this.depth, at, reason);
  }
}
