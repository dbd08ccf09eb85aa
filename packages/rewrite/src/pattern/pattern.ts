import type { Node, Value } from "@lowbit/ir";
import type { MatchState } from "./match-state.ts";

/** What a name of a pattern stands for in a match; null where an optional part is absent. */
export type Capture = Value | Node | null;

/** The rest of the match: called with each way to match so far, until one works out. */
export type Continue = (state: MatchState) => MatchState | null;

/**
 * The shape of a part of a graph, seen from the value it computes. `C` is the record of what its names capture.
 *
 * Patterns are immutable and hold no state, so they can be shared between rules. A name that occurs twice must stand for
 * the same value both times.
 */
export interface Pattern<out C> {
  /** Every name the pattern can bind. */
  readonly names: readonly string[];
  /** What it looks for in a few words, as in "a constant" or "Conv". */
  readonly text: string;
  /** Keys (see `opKey`) of the ops that can compute a matching value; null when any value may match. */
  readonly roots: readonly string[] | null;
  /** Nodes on the longest chain it looks at. */
  readonly depth: number;
  /**
   * Matches a value (null: an absent operand) and hands every way to do so to `next`, the first success wins.
   *
   * Bindings live in the immutable `state`, so an alternative that is given up leaves nothing behind.
   */
  match(value: Value | null, state: MatchState, next: Continue): MatchState | null;
  /** Carries the capture types; never set. */
  readonly captures?: C;
}

/** What a pattern captures. */
export type CapturesOf<P> = P extends Pattern<infer C> ? C : never;

/** Everything a list of patterns captures. */
export type AllCapturesOf<P extends readonly Pattern<unknown>[]> = P extends readonly [
  Pattern<infer C>,
  ...infer Rest extends readonly Pattern<unknown>[],
]
  ? C & AllCapturesOf<Rest>
  : unknown;

/** An intersection written out as one object type, so that it reads well in messages. */
export type Flat<T> = { [K in keyof T]: T[K] };

/** How ops are looked up: domain and name. */
export function opKey(op: string, domain: string): string {
  return `${domain}:${op}`;
}
