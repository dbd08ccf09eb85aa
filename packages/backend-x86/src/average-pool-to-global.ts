import { any, op, rule, rulePass } from "@lowbit/rewrite";
import { isOverWholePlane } from "./placement/whole-plane.ts";

/** AveragePool(DequantizeLinear(q)) over the whole plane  →  GlobalAveragePool(DequantizeLinear(q)), whose kernel adds codes. */
const averagePoolToGlobalRule = rule({
  name: "average-pool-to-global",
  pattern: op("AveragePool", [op("DequantizeLinear", [any(), any(), any()], { outputs: ["x"] })], {
    as: "pool",
    where: (node) => isOverWholePlane(node) || "the window does not cover the whole plane",
  }),
  rewrite: ({ x }, context) => context.op.GlobalAveragePool([x!]),
});

/** Turns quantized AveragePool over a whole plane into GlobalAveragePool, whose integer kernel is several times faster. */
export const averagePoolToGlobal = rulePass({
  name: "average-pool-to-global",
  summary: "Turns quantized AveragePool over the whole plane into GlobalAveragePool.",
  rules: [averagePoolToGlobalRule],
});
