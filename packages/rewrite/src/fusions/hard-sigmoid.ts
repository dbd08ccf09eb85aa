import { any } from "../pattern/any.ts";
import { constant, number } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { widened } from "./widened.ts";

/** Clip(x + 3, 0, 6) */
export const relu6OfShifted = op("Clip", [op("Add", [any("x"), number(3)]), number(0), number(6)]);

/** A value divided by 6, in both ways to write it. */
export function sixth<C>(pattern: Pattern<C>): Pattern<C> {
  return oneOf(op("Div", [pattern, number(6)]), op("Mul", [pattern, number(1 / 6)])) as Pattern<C>;
}

/** Clip(x + 3, 0, 6) / 6  →  HardSigmoid(x) with alpha = 1/6, beta = 1/2 */
const relu6Rule = rule({
  name: "recompose-hard-sigmoid",
  pattern: sixth(relu6OfShifted),
  rewrite: ({ x }, { op, root }) => widened(root, x) ?? op.HardSigmoid([x], { alpha: 1 / 6, beta: 0.5 }),
});

/** Clip(x · alpha + beta, 0, 1)  →  HardSigmoid(x) with that alpha and beta */
const clippedLineRule = rule({
  name: "recompose-hard-sigmoid-line",
  pattern: op("Clip", [op("Add", [op("Mul", [any("x"), constant("alpha")]), constant("beta")]), number(0), number(1)]),
  rewrite({ x, alpha, beta }, { op, root }) {
    if (alpha.constant.size !== 1) return new Reject("is not one number", alpha);
    if (beta.constant.size !== 1) return new Reject("is not one number", beta);
    return widened(root, x) ?? op.HardSigmoid([x], { alpha: alpha.constant.item(), beta: beta.constant.item() });
  },
});

/** Finds HardSigmoid in the forms exporters take it apart into. */
export const recomposeHardSigmoid = rulePass({
  name: "recompose-hard-sigmoid",
  summary: "Finds HardSigmoid in Add, Clip and Div or Mul.",
  rules: [relu6Rule, clippedLineRule],
});
