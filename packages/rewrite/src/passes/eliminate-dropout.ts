import { any } from "../pattern/any.ts";
import { op } from "../pattern/op.ts";
import { optional } from "../pattern/optional.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { isUnread } from "../rule/erase-dead.ts";
import { Reject, rule } from "../rule/rule.ts";

/** Dropout(x) outside training mode  →  x */
const eliminateDropoutRule = rule({
  name: "eliminate-dropout",
  pattern: op("Dropout", [any("x"), optional(any()), optional(any("mode"))], { as: "dropout" }),
  rewrite({ x, mode, dropout }) {
    if (mode && !mode.constant) return new Reject("is not known to be false", mode);
    if (mode?.constant && mode.constant.item() !== 0) return new Reject("is in training mode", dropout);
    const mask = dropout.outputs[1];
    return mask && !isUnread(mask) ? new Reject("is read", mask) : [x, null];
  },
});

/** Removes Dropout in inference; a pass of its own, because training turns it on again. */
export const eliminateDropout = rulePass({
  name: "eliminate-dropout",
  summary: "Removes Dropout that is not in training mode.",
  rules: [eliminateDropoutRule],
});
