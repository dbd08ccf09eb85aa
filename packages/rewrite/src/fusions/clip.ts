import { isFloat, Tensor, type Value } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { widened } from "./widened.ts";

/** Max(x, 0)  →  Relu(x);  Max(x, c)  →  Clip(x, c);  Min(x, c)  →  Clip(x, , c)  for one number c and floats */
const recomposeClipRule = rule({
  name: "recompose-clip",
  pattern: op(["Max", "Min"], [any("x"), constant("bound")]),
  rewrite({ x, bound }, { op: build, root, constant: data }) {
    if (x.dtype === null || !isFloat(x.dtype)) return new Reject("is no float", x);
    if (bound.constant.size !== 1) return new Reject("is not one number", bound);
    const refusal = widened(root, x);
    if (refusal) return refusal;
    const limit = bound.constant.item();
    if (root.is("Max") && limit === 0) return build.Relu([x]);
    const number: Value = data(Tensor.scalar(x.dtype, limit), "bound");
    return build.Clip(root.is("Max") ? [x, number] : [x, null, number]);
  },
});

/** Finds clamps that exporters write as Max or Min with a number: kernels for codes take those in, and float ones too. */
export const recomposeClip = rulePass({
  name: "recompose-clip",
  summary: "Finds Relu and Clip in Max and Min with a number.",
  rules: [recomposeClipRule],
});
