import { Tensor, type OpName } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { reshapeTarget } from "./reshape-target.ts";

/** Ops that keep the elements in their order and only change the shape. */
const reshaping = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"] as const satisfies readonly OpName[];

/** reshape(reshape(x))  →  Reshape(x, shape of the result), or x when that is the shape of x */
const cancelReshapesRule = rule({
  name: "cancel-reshapes",
  pattern: op(reshaping, [op(reshaping, [any("x")], { shared: true, moreOperands: true })], {
    as: "outer",
    moreOperands: true,
  }),
  rewrite({ x, outer }, { op, constant }) {
    const { shape, name } = outer.output;
    if (shape === null) return new Reject("has an unknown rank", outer.output);
    if (
      x.shape !== null &&
      x.shape.length === shape.length &&
      x.shape.every((dim, i) => dim !== null && dim === shape[i])
    ) {
      return x;
    }
    const target = reshapeTarget(x.shape, shape);
    if (target === null) return new Reject("has several dimensions that are not known", outer.output);
    return op.Reshape([x, constant(Tensor.of("int64", target), `${name}_shape`)]);
  },
});

/** Merges Reshape, Flatten, Squeeze and Unsqueeze nodes in a row into one Reshape. */
export const cancelReshapes = rulePass({
  name: "cancel-reshapes",
  summary: "Merges Reshape, Flatten, Squeeze and Unsqueeze in a row, or drops them when the shape is the first one.",
  rules: [cancelReshapesRule],
});
