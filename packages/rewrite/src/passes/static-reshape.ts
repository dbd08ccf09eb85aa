import { knownElements, Tensor, type Dim } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { reshapeTarget } from "./reshape-target.ts";

/**
 * Reshape(x, computed shape)  →  Reshape(x, constant), when inference knows all of the shape but one dimension, or the
 * others are dimensions of x in the same place.
 */
const staticReshapeRule = rule({
  name: "static-reshape",
  pattern: op("Reshape", [any("x"), any("shape")], { as: "reshape", attributes: { allowzero: 0 } }),
  rewrite({ x, shape, reshape }, { op, constant }) {
    if (shape.constant) return new Reject("its shape is constant already", shape);
    const wanted = targetOf(knownElements(shape), reshape.output.shape);
    const target = wanted && reshapeTarget(x.shape, wanted);
    if (!target) return new Reject("too little is known about its shape", shape);
    return op.Reshape([x, constant(Tensor.of("int64", target), `${reshape.output.name}_shape`)]);
  },
});

/** What is known of the wanted shape, from the operand or from the inferred result. */
function targetOf(elements: readonly Dim[] | null, inferred: readonly Dim[] | null): readonly Dim[] | null {
  if (!elements) return inferred;
  return elements.map((element, axis) => (typeof element === "number" ? element : (inferred?.[axis] ?? element)));
}

/** Makes the shapes that Reshape nodes take constant where possible. */
export const staticReshape = rulePass({
  name: "static-reshape",
  summary: "Makes the target of a Reshape constant when at most one of its dimensions is not known.",
  rules: [staticReshapeRule],
});
