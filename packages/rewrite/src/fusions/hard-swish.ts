import { any } from "../pattern/any.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { rule } from "../rule/rule.ts";
import { relu6OfShifted, sixth } from "./hard-sigmoid.ts";
import { widened } from "./widened.ts";

/** x · HardSigmoid(x), or x · Clip(x + 3, 0, 6) with the division by 6 at any place  →  HardSwish(x) */
const recomposeHardSwishRule = rule({
  name: "recompose-hard-swish",
  pattern: oneOf(
    op("Mul", [any("x"), op("HardSigmoid", [any("x")], { attributes: { alpha: 1 / 6, beta: 0.5 } })]),
    op("Mul", [any("x"), sixth(relu6OfShifted)]),
    op("Mul", [sixth(any("x")), relu6OfShifted]),
    sixth(op("Mul", [any("x"), relu6OfShifted])),
  ),
  rewrite: ({ x }, { op, root }) => widened(root, x) ?? op.HardSwish([x]),
});

/** Finds HardSwish in the forms exporters take it apart into. */
export const recomposeHardSwish = rulePass({
  name: "recompose-hard-swish",
  summary: "Finds HardSwish in Add, Clip, Mul and Div.",
  rules: [recomposeHardSwishRule],
});
