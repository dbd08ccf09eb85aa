import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";

/** Transpose(Transpose(x, p), q)  →  Transpose(x, p∘q), or x when that moves no axis */
const cancelTransposesRule = rule({
  name: "cancel-transposes",
  pattern: op("Transpose", [op("Transpose", [any("x")], { as: "inner", shared: true })], { as: "outer" }),
  rewrite({ x, inner, outer }, { op }) {
    const rank = x.shape?.length ?? inner.ints("perm", outer.ints("perm", null))?.length;
    if (rank === undefined) return new Reject("has an unknown rank", x);
    const reversed = Array.from({ length: rank }, (_, i) => rank - 1 - i);
    const first = inner.ints("perm", reversed);
    const perm = outer.ints("perm", reversed).map((axis) => first[axis]!);
    return perm.every((axis, i) => axis === i) ? x : op.Transpose([x], { perm });
  },
});

/** Merges a Transpose into the one before it. */
export const cancelTransposes = rulePass({
  name: "cancel-transposes",
  summary: "Merges Transpose nodes in a row, or drops them when together they move no axis.",
  rules: [cancelTransposesRule],
});
