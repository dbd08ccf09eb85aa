import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { widened } from "./widened.ts";

/** x · Sigmoid(x) or x · Sigmoid(alpha · x)  →  Swish(x) with alpha */
const recomposeSwishRule = rule({
  name: "recompose-swish",
  pattern: op("Mul", [any("x"), op("Sigmoid", [oneOf(any("x"), op("Mul", [any("x"), constant("alpha")]))])]),
  rewrite({ x, alpha }, { op, root }) {
    if (alpha && alpha.constant.size !== 1) return new Reject("is not one number", alpha);
    return widened(root, x) ?? op.Swish([x], alpha ? { alpha: alpha.constant.item() } : {});
  },
});

/**
 * Finds Swish (SiLU) in Sigmoid and Mul. Swish exists since opset 24, which many runtimes do not know, and integer kernels
 * exist for its parts only; so it is not part of the default pipeline.
 */
export const recomposeSwish = rulePass({
  name: "recompose-swish",
  summary: "Finds Swish in Sigmoid and Mul.",
  rules: [recomposeSwishRule],
});
