import type { OpName } from "@lowbit/ir";
import { any } from "../pattern/any.ts";
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

/** Removes nodes that return their operand unchanged. */
export const eliminateIdentity = rulePass({
  name: "eliminate-identity",
  summary: "Removes nodes that return their operand unchanged.",
  rules: [eliminateIdentityRule],
});
