import { sameType, type OpName } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
import { constant } from "../pattern/constant.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";
import { noOps } from "./no-op.ts";

const names = Object.keys(noOps) as readonly (keyof typeof noOps)[];

/** op(x, …)  →  x, where the op does nothing (see `noOps`) */
const eliminateIdentityRule = rule({
  name: "eliminate-identity",
  pattern: op(names satisfies readonly OpName[], [any("x")], { as: "node", moreOperands: true }),
  rewrite({ x, node }) {
    if (
      node.is("Identity") &&
      node.output.isGraphOutput &&
      (x.producer === null || x.graph !== node.graph || x.isGraphOutput)
    ) {
      return new Reject("gives a graph output its name", node);
    }
    const verdict = noOps[node.op as keyof typeof noOps](node);
    return verdict === true ? x : new Reject(verdict, node);
  },
});

/** The element that leaves the first operand as it is. */
const neutralElements = { Add: 0, Sub: 0, Mul: 1, Div: 1, Pow: 1 } as const;

/** Constants larger than this are weights, which nobody fills with neutral elements. */
const maxNeutral = 4096;

/** x + 0, x - 0, x * 1, x / 1, x ^ 1  →  x, where the constant does not widen the shape */
const neutralOperandRule = rule({
  name: "eliminate-neutral-operand",
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

/** Removes nodes that return their operand unchanged. */
export const eliminateIdentity = rulePass({
  name: "eliminate-identity",
  summary: "Removes nodes that return their operand unchanged.",
  rules: [eliminateIdentityRule, neutralOperandRule],
});
