import { isFloat, Tensor, type Value } from "@lowbit/ir";
import type { MatchState } from "./match-state.ts";
import type { Continue, Pattern } from "./pattern.ts";

/** A value whose data is known and that nobody can override or train. */
export type ConstantValue = Value & { readonly constant: Tensor };

/** A constant; with a name, captured under it. */
export function constant(): Pattern<unknown>;
export function constant<const N extends string>(name: N): Pattern<{ readonly [K in N]: ConstantValue }>;
export function constant(name?: string): Pattern<unknown> {
  return leaf("a constant", name, () => null);
}

/**
 * A constant with one element equal to `expected`, up to the rounding of its dtype and to six digits, which is what exporters
 * keep of numbers such as √2.
 */
export function number(expected: number): Pattern<unknown>;
export function number<const N extends string>(
  expected: number,
  name: N,
): Pattern<{ readonly [K in N]: ConstantValue }>;
export function number(expected: number, name?: string): Pattern<unknown> {
  return leaf(`the number ${expected}`, name, (tensor) => {
    if (tensor.size !== 1) return `has ${tensor.size} elements instead of one`;
    const actual = tensor.item();
    if (actual === expected || Math.abs(actual - expected) <= 1e-6 * Math.abs(expected)) return null;
    if (isFloat(tensor.dtype) && actual === Tensor.scalar(tensor.dtype, expected).item()) return null;
    return `is ${Number(actual.toPrecision(7))} instead of ${Number(expected.toPrecision(7))}`;
  });
}

function leaf(text: string, name: string | undefined, objection: (tensor: Tensor) => string | null): Pattern<unknown> {
  return {
    names: name === undefined ? [] : [name],
    text,
    roots: null,
    depth: 0,
    match(value: Value | null, state: MatchState, next: Continue): MatchState | null {
      if (value === null) return state.fail(state.root, () => "an operand is absent");
      const data = value.constant;
      if (data === null) return state.fail(value, () => whyNotConstant(value));
      const reason = objection(data);
      if (reason !== null) return state.fail(value, () => reason);
      const bound = name === undefined ? state : state.bind(name, value);
      return bound && next(bound);
    },
  };
}

function whyNotConstant(value: Value): string {
  if (value.producer) return `is computed by ${value.producer.op}, not constant`;
  if (value.isGraphInput)
    return value.initializer ? "callers can override this input" : "is a graph input, not constant";
  return `is a ${value.role}, not constant`;
}
