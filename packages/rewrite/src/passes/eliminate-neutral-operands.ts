import { sameType } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { rule } from "../rule/rule.ts";

/** The element that leaves the first operand as it is. */
const neutralElements = { Add: 0, Sub: 0, Mul: 1, Div: 1, Pow: 1 } as const;

/** Constants larger than this are weights, which nobody fills with neutral elements. */
const maxNeutral = 4096;

/** x + 0, x - 0, x * 1, x / 1, x ^ 1  →  x, where the constant does not widen the shape */
const neutralOperandRule = rule({
  name: "eliminate-neutral-operands",
  pattern: op(["Add", "Sub", "Mul", "Div", "Pow"], [any("x"), constant("c")], {
    as: "node",
    where(node, { x, c }) {
      const neutral = neutralElements[node.op as keyof typeof neutralElements];
      const { constant } = c;
      const isNeutral =
        constant.size > 0 && constant.size <= maxNeutral && constant.numbers().every((each) => each === neutral);
      if (!isNeutral) return `its constant operand is not ${neutral}`;
      return (
        (node.output.shape !== null && sameType(node.output.type, x.type)) || "its constant operand widens the shape"
      );
    },
  }),
  rewrite: ({ x }) => x,
});

/**
 * Removes arithmetic with neutral elements. Not for training: a bias that was initialized with zeros, or a scale with ones,
 * would be lost.
 */
export const eliminateNeutralOperands = rulePass({
  name: "eliminate-neutral-operands",
  summary: "Removes additions of 0, multiplications by 1 and the like.",
  rules: [neutralOperandRule],
});
