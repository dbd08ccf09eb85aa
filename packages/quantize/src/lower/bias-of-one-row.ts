import { constant, op, Reject, rule, rulePass } from "@lowbit/rewrite";

/**
 * Add(MatMul(DequantizeLinear(…), DequantizeLinear(…)), b[n])  →  Add(MatMul(…), b[1,n])  where floats are wanted, and the data has
 * more than two axes.
 *
 * Of such a product and a bias of one axis ONNX Runtime (MatMulAddFusion) makes a float Gemm between two Reshapes, which no longer
 * stands at the DequantizeLinear of its data. A bias of two axes it leaves alone, and the product becomes MatMulIntegerToFloat.
 */
const oneRow = rule({
  name: "bias-of-one-row",
  pattern: op("Add", [
    op(
      "MatMul",
      [
        op("DequantizeLinear", [], { shared: true, moreOperands: true }),
        op("DequantizeLinear", [], { shared: true, moreOperands: true }),
      ],
      { as: "product" },
    ),
    constant("bias"),
  ]),
  rewrite({ product, bias }, context) {
    const { root } = context;
    const [size] = bias.constant.dims;
    if (bias.constant.dims.length !== 1) return new Reject("its bias has not one axis", bias);
    if ((product.output.shape?.length ?? 0) < 3)
      return new Reject("its data is not known to have more than two axes", product);
    if (root.output.users.some((user) => user.is("QuantizeLinear"))) return new Reject("it ends in codes", root);
    const row = context.constant(bias.constant.reshape([1, size!]), bias);
    return context.op.Add([product.output, row]);
  },
});

/** Lets products with a bias end in floats that ONNX Runtime would compute in float altogether. */
export const biasOfOneRow = rulePass({
  name: "bias-of-one-row",
  summary: "Gives the biases of integer products with float results two axes, which keeps the products on integers.",
  rules: [oneRow],
});
