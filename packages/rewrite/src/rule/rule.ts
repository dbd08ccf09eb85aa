import type { AttributeInput, Builder, GraphEditor, Node, Tensor, Value } from "@lowbit/ir";
import type { Pattern } from "../pattern/pattern.ts";

/** A rule's refusal at a place where its pattern matched: the reason, and the node or value it is about. */
export class Reject {
  readonly reason: string;
  readonly at: Node | Value;

  constructor(reason: string, at: Node | Value) {
    this.reason = reason;
    this.at = at;
  }
}

/** What a rule works with when it builds a replacement; new nodes go before the root. */
export interface RewriteContext {
  /** The node the pattern matched at; its results are what gets replaced. */
  readonly root: Node;
  /** Typed node constructors. */
  readonly op: Builder;
  readonly editor: GraphEditor;
  /** A node of the same op with the same name and attributes but other operands; `changes` are set, null removes. */
  readonly like: (
    node: Node,
    inputs: readonly (Value | null)[],
    changes?: Readonly<Record<string, AttributeInput | null>>,
  ) => Value;
  /** Adds data. Given a value instead of a name, the data takes over the value's name if that becomes unused. */
  readonly constant: (tensor: Tensor, name: string | Value) => Value;
}

/**
 * What replaces the root's results: one value for a root with one result that is read, or one per output (null: nobody
 * reads it).
 */
export type Replacement = Value | readonly (Value | null)[];

/**
 * A directed rewrite as a value: where `pattern` matches, `rewrite` builds what computes the same, or says why not.
 *
 * The rule only builds. The driver redirects readers, erases what became dead and carries names and origins over.
 */
export interface Rule {
  readonly name: string;
  readonly pattern: Pattern<unknown>;
  /** Builds what stands in for the match, or rejects it with a reason. */
  readonly rewrite: (captures: never, context: RewriteContext) => Replacement | Reject;
}

/** Makes a rule; the parameter types of `rewrite` follow from the pattern. */
export function rule<C>(definition: {
  readonly name: string;
  readonly pattern: Pattern<C>;
  readonly rewrite: (captures: C, context: RewriteContext) => Replacement | Reject;
}): Rule {
  return definition;
}
