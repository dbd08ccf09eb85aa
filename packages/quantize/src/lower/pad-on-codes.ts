import { rulePass } from "@lowbit/rewrite";
import { movingRule } from "./integer-operators/moving.ts";
import { padsWithZeros } from "./moves-elements.ts";

/**
 * Q(Pad(DQ(a)))  →  Pad(a), filled with the zero point: ONNX Runtime drops conversions around other ops that move codes by
 * itself, but around Pad it keeps them.
 */
export const padOnCodes = rulePass({
  name: "pad-on-codes",
  summary: "Pads codes with their zero point instead of converting them to float and back.",
  rules: [movingRule("pad-on-codes", padsWithZeros)],
});
