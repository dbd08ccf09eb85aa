import type { Value } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { number } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { rule } from "../rule/rule.ts";
import { widened } from "./widened.ts";

type X = Pattern<{ readonly x: Value }>;

const x = any("x");

/** erf(x / √2) */
const erf = op("Erf", [oneOf(op("Div", [x, number(Math.SQRT2)]), op("Mul", [x, number(Math.SQRT1_2)]))]);

const cube = oneOf(op("Pow", [x, number(3)]), op("Mul", [op("Mul", [x, x]), x]));

/** tanh(√(2/π) · (x + 0.044715 · x³)), also with x factored out */
const tanh = op("Tanh", [
  oneOf(
    op("Mul", [op("Add", [x, op("Mul", [cube, number(0.044715)])]), number(Math.sqrt(2 / Math.PI))]),
    op("Mul", [
      op("Mul", [x, number(Math.sqrt(2 / Math.PI))]),
      op("Add", [op("Mul", [op("Mul", [x, number(0.044715)]), x]), number(1)]),
    ]),
  ),
]);

/** ½ · x · (1 + gate), with the half at any place */
function gated(gate: X): X {
  const onePlus = op("Add", [gate, number(1)]);
  const half = number(0.5);
  return oneOf(
    op("Mul", [op("Mul", [x, onePlus]), half]),
    op("Mul", [op("Mul", [x, half]), onePlus]),
    op("Mul", [x, op("Mul", [onePlus, half])]),
  );
}

/** ½ · x · (1 + erf(x / √2))  →  Gelu(x) */
const erfRule = rule({
  name: "recompose-gelu",
  pattern: gated(erf),
  rewrite: ({ x }, { op, root }) => widened(root, x) ?? op.Gelu([x]),
});

/** ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))  →  Gelu(x) in the tanh approximation */
const tanhRule = rule({
  name: "recompose-gelu-tanh",
  pattern: gated(tanh),
  rewrite: ({ x }, { op, root }) => widened(root, x) ?? op.Gelu([x], { approximate: "tanh" }),
});

/** Finds Gelu in the forms exporters take it apart into. */
export const recomposeGelu = rulePass({
  name: "recompose-gelu",
  summary: "Finds Gelu in its erf and tanh forms.",
  rules: [erfRule, tanhRule],
});
