import type { CapturesOf, Flat, Pattern } from "./pattern.ts";

type KeysOfAny<C> = C extends unknown ? keyof C : never;
type Alternatives<C> = Flat<{
  readonly [K in KeysOfAny<C>]: C extends unknown ? (K extends keyof C ? C[K] : null) : never;
}>;

/**
 * The first of several patterns that lets the whole match succeed. Names that are not in the alternative taken are null.
 */
export function oneOf<const P extends readonly [Pattern<unknown>, ...Pattern<unknown>[]]>(
  ...alternatives: P
): Pattern<Alternatives<CapturesOf<P[number]>>> {
  return {
    names: [...new Set(alternatives.flatMap((pattern) => pattern.names))],
    text: alternatives.map((pattern) => pattern.text).join(" or "),
    roots: alternatives.every((pattern) => pattern.roots !== null)
      ? [...new Set(alternatives.flatMap((pattern) => pattern.roots ?? []))]
      : null,
    depth: Math.max(...alternatives.map((pattern) => pattern.depth)),
    match(value, state, next) {
      for (const pattern of alternatives) {
        const found = pattern.match(value, state, next);
        if (found) return found;
      }
      return null;
    },
  };
}
