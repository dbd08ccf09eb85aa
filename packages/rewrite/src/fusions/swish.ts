import { irVersionOf } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { oneOf } from "../pattern/one-of.ts";
import { op } from "../pattern/op.ts";
import { definePass } from "../pass/pass.ts";
import { applyRules } from "../rule/apply-rules.ts";
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

/** The opset that brought Swish. */
const swishOpset = 24;

/**
 * Finds Swish (SiLU) in Sigmoid and Mul, and moves the model to the opset that has it. Many runtimes do not know that opset, and
 * integer kernels exist for the parts only; so this is not part of the default pipeline.
 */
export const recomposeSwish = definePass({
  name: "recompose-swish",
  summary: `Finds Swish in Sigmoid and Mul; the model is in opset ${swishOpset} then.`,
  run(model, { explanation }) {
    const { applied } = applyRules(model.graph, [recomposeSwishRule], { explanation });
    if (applied > 0) {
      model.opsets.set("", Math.max(model.opsets.get("")!, swishOpset));
      model.irVersion = Math.max(model.irVersion, irVersionOf(swishOpset));
    }
    return { changed: applied };
  },
});
