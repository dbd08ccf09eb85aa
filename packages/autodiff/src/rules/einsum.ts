import type { Value } from "@lowbit/ir";
import { expandLike } from "../broadcast.ts";
import { cotangent, type GradientContext, type GradientRule, type GradientTable } from "../gradient-rule.ts";

/** The index letters of an equation: one text per operand, and the result's. */
interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

function parse(text: string): Equation {
  const [left, right] = text.replaceAll(" ", "").split("->") as [string, string?];
  const operands = left.split(",");
  if (right !== undefined) return { operands, result: right };
  const letters = left.replaceAll(",", "").split("");
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return { operands, result: once.toSorted().join("") };
}

function gradientOf(context: GradientContext, dy: Value, equation: Equation, index: number): Value {
  const { op, node, constants, fail } = context;
  const own = equation.operands[index]!;
  if (new Set(own).size < own.length) return fail(`operand ${index} "${own}" repeats an index`);
  const others = equation.operands.filter((_, i) => i !== index);
  const available = new Set([equation.result, ...others].join(""));
  const kept = own.split("").filter((letter) => available.has(letter));
  const terms = [equation.result, ...others].join(",");
  const values = [dy, ...node.inputs.filter((_, i) => i !== index)];
  const grad = op.Einsum(values, { equation: `${terms}->${kept.join("")}` });
  const summed = own.split("").flatMap((letter, axis) => (available.has(letter) ? [] : [axis]));
  if (summed.length === 0) return grad;
  return expandLike(context, op.Unsqueeze([grad, constants.ints(summed, "axes")]), node.inputs[index]!);
}

/** Each operand's gradient is the Einsum of the cotangent and the other operands to its own indices. */
const einsum: GradientRule = (context) => {
  const text = context.node.string("equation", "");
  if (text.includes(".")) context.fail(`its equation "${text}" has an ellipsis`);
  const equation = parse(text);
  const dy = cotangent(context);
  return context.needs.map((need, index) => (need ? gradientOf(context, dy, equation, index) : null));
};

/** The rule of Einsum. */
export const einsumGradients = { Einsum: einsum } satisfies Partial<GradientTable>;
