import type { Value } from "@lowbit/ir";
import type { Pattern } from "./pattern.ts";

/** Any value that is present; with a name, captured under it. */
export function any(): Pattern<unknown>;
export function any<const N extends string>(name: N): Pattern<{ readonly [K in N]: Value }>;
export function any(name?: string): Pattern<unknown> {
  return {
    names: name === undefined ? [] : [name],
    text: "any value",
    roots: null,
    depth: 0,
    match(value, state, next) {
      if (value === null) return state.fail(state.root, () => "an operand is absent");
      const bound = name === undefined ? state : state.bind(name, value);
      return bound && next(bound);
    },
  };
}
