import { applyRules, definePass } from "@lowbit/rewrite";
import { movingToIntegers } from "./moving.ts";
import { concatToIntegers, elementwiseToIntegers, unaryToIntegers } from "./others.ts";
import { convToIntegers, gemmToFloat, gemmToIntegers, matMulToFloat, matMulToIntegers } from "./products.ts";

/**
 * Writes ops between DequantizeLinear and QuantizeLinear as integer operators: QLinearConv, QLinearMatMul, and ONNX
 * Runtime's own QGemm, QLinearAdd and others of the domain `com.microsoft`. Ops without such a form stay as they are.
 */
export const integerOperators = definePass({
  name: "integer-operators",
  summary: "Writes ops between DequantizeLinear and QuantizeLinear as integer operators.",
  run(model, context) {
    const { applied } = applyRules(
      model.graph,
      [
        convToIntegers,
        matMulToIntegers,
        gemmToIntegers,
        ...elementwiseToIntegers,
        unaryToIntegers,
        concatToIntegers,
        movingToIntegers,
        matMulToFloat,
        gemmToFloat,
      ],
      { explanation: context.explanation },
    );
    if (applied > 0) model.opsets.set("com.microsoft", 1);
    return { changed: applied };
  },
});
