import type { Tensor, Value } from "@lowbit/ir";
import type { Pattern } from "./pattern.ts";

/** A value with data of its own, trained or not, that is not an input of the graph. */
export type InitializerValue = Value & { readonly initializer: Tensor };

/** An initializer of any role. A rule may move it to another operand, but must not compute with its data. */
export function initializer<const N extends string>(name: N): Pattern<{ readonly [K in N]: InitializerValue }> {
  return {
    names: [name],
    text: "an initializer",
    roots: null,
    depth: 0,
    match(value, state, next) {
      if (value === null) return state.fail(state.root, () => "an operand is absent");
      if (!value.initializer || value.isGraphInput) return state.fail(value, () => "is not an initializer");
      const bound = state.bind(name, value);
      return bound && next(bound);
    },
  };
}
