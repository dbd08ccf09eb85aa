import type { Pattern } from "./pattern.ts";

type Nullable<C> = { readonly [K in keyof C]: C[K] | null };

/** An operand that may be absent: either not there, with null captures, or a match of the pattern. */
export function optional<C>(pattern: Pattern<C>): Pattern<Nullable<C>> {
  return {
    names: pattern.names,
    text: `${pattern.text}, if present`,
    roots: null,
    depth: pattern.depth,
    match: (value, state, next) => (value === null ? next(state) : pattern.match(value, state, next)),
  };
}
