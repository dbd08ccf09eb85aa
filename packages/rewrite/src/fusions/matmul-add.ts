import { any } from "../pattern/any.ts";
import { initializer } from "../pattern/initializer.ts";
import { op } from "../pattern/op.ts";
import { rulePass } from "../pass/rule-pass.ts";
import { Reject, rule } from "../rule/rule.ts";

/** MatMul(a, b) + c  →  Gemm(a, b, c), for matrices and a bias that does not widen the product */
const fuseMatMulAddRule = rule({
  name: "fuse-matmul-add",
  pattern: op("Add", [op("MatMul", [any("a"), any("b")], { as: "product" }), initializer("c")], { as: "sum" }),
  rewrite({ a, b, c, product, sum }, { op }) {
    if (a.shape?.length !== 2 || b.shape?.length !== 2) return new Reject("does not multiply two matrices", product);
    const { shape } = product.output;
    const fits =
      c.initializer.dims.length <= 2 &&
      c.initializer.dims.every((dim, i) => dim === 1 || dim === shape?.at(i - c.initializer.dims.length));
    if (!fits || sum.output.shape?.length !== 2) return new Reject("widens the product", c);
    return op.Gemm([a, b, c]);
  },
});

/** Merges MatMul and the Add of a bias into Gemm. */
export const fuseMatMulAdd = rulePass({
  name: "fuse-matmul-add",
  summary: "Merges MatMul of two matrices and the Add of a bias into Gemm.",
  rules: [fuseMatMulAddRule],
});
