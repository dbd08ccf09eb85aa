import { constant, op, Reject, rule, type ConstantValue, type RewriteContext } from "@lowbit/rewrite";
import type { Node, Value } from "@lowbit/ir";
import {
  attributesOf,
  codesA,
  codesB,
  codesOfBias,
  onlyAlong,
  onlyInSumScale,
  onlyPerTensor,
  type FirstOperand,
  type SecondOperand,
} from "./codes.ts";

const yScale = constant("yScale");
const yZero = constant("yZero");

/** Q(Conv(DQ(a), DQ(b), DQ(bias)))  →  QLinearConv */
export const convToIntegers = rule({
  name: "conv-to-integers",
  pattern: op("QuantizeLinear", [op("Conv", [codesA, codesB, codesOfBias], { as: "conv" }), yScale, yZero]),
  rewrite(captures, { editor }) {
    const { a, aScale, aZero, b, bScale, bZero, bDequantize, bias, biasScale, conv } = captures;
    const objection =
      onlyPerTensor(aScale, captures.yScale) ??
      onlyAlong(0, bScale, bDequantize) ??
      onlyInSumScale(biasScale, aScale, bScale);
    if (objection) return objection;
    const operands = [a, aScale, aZero, b, bScale, bZero, captures.yScale, captures.yZero, bias ?? null];
    return editor.node("QLinearConv", operands, attributesOf(conv), named(conv)).output;
  },
});

/** Q(MatMul(DQ(a), DQ(b)))  →  QLinearMatMul */
export const matMulToIntegers = rule({
  name: "matmul-to-integers",
  pattern: op("QuantizeLinear", [op("MatMul", [codesA, codesB], { as: "product" }), yScale, yZero]),
  rewrite(captures, { op }) {
    const objection = onlyPerTensor(captures.yScale) ?? matMulObjection(captures);
    if (objection) return objection;
    const { a, aScale, aZero, b, bScale, bZero, product } = captures;
    return op.QLinearMatMul([a, aScale, aZero, b, bScale, bZero, captures.yScale, captures.yZero], {}, named(product));
  },
});

/** MatMul(DQ(a), DQ(b)) with a float result  →  MatMulIntegerToFloat */
export const matMulToFloat = rule({
  name: "matmul-to-float",
  pattern: op("MatMul", [codesA, codesB], { as: "product", where: (node) => leavesIntegers(node) }),
  rewrite(captures, { op }) {
    const { a, aScale, aZero, b, bScale, bZero, product } = captures;
    return (
      matMulObjection(captures) ?? op.MatMulIntegerToFloat([a, b, aScale, bScale, aZero, bZero], {}, named(product))
    );
  },
});

/** Q(Gemm(DQ(a), DQ(b), DQ(bias)))  →  QGemm */
export const gemmToIntegers = rule({
  name: "gemm-to-integers",
  pattern: op("QuantizeLinear", [op("Gemm", [codesA, codesB, codesOfBias], { as: "gemm" }), yScale, yZero]),
  rewrite: (captures, context) =>
    onlyPerTensor(captures.yScale) ?? integerGemm(captures, context, [captures.yScale, captures.yZero]),
});

/** Gemm(DQ(a), DQ(b), DQ(bias)) with a float result  →  QGemm with a float result */
export const gemmToFloat = rule({
  name: "gemm-to-float",
  pattern: op("Gemm", [codesA, codesB, codesOfBias], { as: "gemm", where: (node) => leavesIntegers(node) }),
  rewrite: (captures, context) => integerGemm(captures, context, []),
});

interface GemmCaptures extends FirstOperand, SecondOperand {
  readonly gemm: Node;
  readonly bias: Value | null;
  readonly biasScale: Value | null;
}

function integerGemm(captures: GemmCaptures, { editor }: RewriteContext, result: readonly ConstantValue[]) {
  const { a, aScale, aZero, b, bScale, bZero, bDequantize, bias, biasScale, gemm } = captures;
  const objection =
    onlyPerTensor(aScale) ??
    onlyAlong(gemm.int("transB", 0) === 1 ? 0 : 1, bScale, bDequantize) ??
    onlyInSumScale(biasScale, aScale, bScale);
  if (objection) return objection;
  if (bias && gemm.float("beta", 1) !== 1) return new Reject("beta is not 1", gemm);
  const operands = [a, aScale, aZero, b, bScale, bZero, bias ?? null, ...result];
  return editor.node("QGemm", operands, attributesOf(gemm, "beta"), { ...named(gemm), domain: "com.microsoft" }).output;
}

function matMulObjection({ aScale, bScale, bDequantize }: FirstOperand & SecondOperand): Reject | null {
  const rank = bDequantize.output.shape?.length ?? 0;
  return onlyPerTensor(aScale) ?? onlyAlong(rank - 1, bScale, bDequantize);
}

/** Whether nobody turns a result into codes: otherwise the rule for integers is the better one. */
function leavesIntegers({ output }: Node): true | string {
  const reader = output.users[0];
  return output.users.length === 1 && reader?.is("QuantizeLinear") ? "its result is quantized" : true;
}

function named(node: Node): { readonly name?: string } {
  return node.name === "" ? {} : { name: node.name };
}
