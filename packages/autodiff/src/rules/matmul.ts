import { isStatic, type Value } from "@lowbit/ir";
import { reshapeLike, sumToOperand } from "../broadcast.ts";
import { rankOf } from "../constant-pool.ts";
import {
  cotangent,
  noGradient,
  operand,
  type GradientContext,
  type GradientRule,
  type GradientTable,
} from "../gradient-rule.ts";

/** Y = alpha·A'·B' + beta·C with A' and B' transposed or not: dA' = alpha·dY·B'ᵀ, dB' = alpha·A'ᵀ·dY, dC = beta·dY. */
const gemm: GradientRule = (context) => {
  const { op, node, needs, constants } = context;
  const [dy, a, b, c] = [cotangent(context), operand(context, 0), operand(context, 1), node.inputs[2]];
  const [transA, transB] = [node.int("transA", 0) !== 0, node.int("transB", 0) !== 0];
  const alpha = node.float("alpha", 1);
  const beta = node.float("beta", 1);
  const product = (left: Value, transLeft: boolean, right: Value, transRight: boolean) =>
    op.Gemm([left, right], {
      alpha: alpha === 1 ? undefined : alpha,
      transA: transLeft || undefined,
      transB: transRight || undefined,
    });
  const sum = () => sumToOperand(context, dy, c!, [c!, dy]);
  return [
    needs[0] ? (transA ? product(b, transB, dy, true) : product(dy, false, b, !transB)) : null,
    needs[1] ? (transB ? product(dy, true, a, transA) : product(a, !transA, dy, false)) : null,
    c && needs[2] ? (beta === 1 ? sum() : op.Mul([sum(), constants.scalar(beta, dy)])) : null,
  ];
};

/** Y = A·B over the last two axes, the others broadcast: dA = dY·Bᵀ, dB = Aᵀ·dY. */
const matmul: GradientRule = (context) => {
  const [dy, a, b] = [cotangent(context), operand(context, 0), operand(context, 1)];
  const ranks = [rankOf(a), rankOf(b)] as const;
  if (ranks[0] === 1 || ranks[1] === 1) return vectorMatmul(context, dy, a, b);
  if (ranks[1] === 2 && isStatic(b.shape)) return weightMatmul(context, dy, a, b);
  const { op, needs } = context;
  return [
    needs[0] ? sumBatch(context, op.MatMul([dy, swapLastAxes(context, b)]), a) : null,
    needs[1] ? sumBatch(context, op.MatMul([swapLastAxes(context, a), dy]), b) : null,
  ];
};

/** Sums over the batch axes along which an operand was broadcast. */
function sumBatch(context: GradientContext, grad: Value, value: Value): Value {
  return rankOf(grad) === 2 ? grad : sumToOperand(context, grad, value, null);
}

/** B is one matrix for all of A's rows: two Gemm calls over the rows, without transposed copies. */
function weightMatmul(context: GradientContext, dy: Value, a: Value, b: Value): readonly (Value | null)[] {
  const { op, needs, constants } = context;
  const [k, n] = b.shape as readonly number[];
  const rows = (value: Value, columns: number) =>
    rankOf(value) === 2 ? value : op.Reshape([value, constants.ints([-1, columns], "rows")]);
  const dyRows = rows(dy, n!);
  return [
    needs[0] ? reshapeLike(context, op.Gemm([dyRows, b], { transB: 1 }), a) : null,
    needs[1] ? op.Gemm([rows(a, k!), dyRows], { transA: 1 }) : null,
  ];
}

/** A vector is a matrix of one row (A) or one column (B) whose axis is dropped from the result. */
function vectorMatmul(context: GradientContext, dy: Value, a: Value, b: Value): readonly (Value | null)[] {
  const { op, needs, constants } = context;
  const axis = (index: number) => constants.ints([index], "axes");
  const [rowA, columnB] = [rankOf(a) === 1, rankOf(b) === 1];
  const matrixA = rowA ? op.Unsqueeze([a, axis(0)]) : a;
  const matrixB = columnB ? op.Unsqueeze([b, axis(1)]) : b;
  const withColumn = columnB ? op.Unsqueeze([dy, axis(-1)]) : dy;
  const matrixDy = rowA ? op.Unsqueeze([withColumn, axis(-2)]) : withColumn;
  const back = (grad: Value, matrix: Value, value: Value) => {
    const sum = sumBatch(context, grad, matrix);
    return matrix === value ? sum : reshapeLike(context, sum, value);
  };
  return [
    needs[0] ? back(op.MatMul([matrixDy, swapLastAxes(context, matrixB)]), matrixA, a) : null,
    needs[1] ? back(op.MatMul([swapLastAxes(context, matrixA), matrixDy]), matrixB, b) : null,
  ];
}

function swapLastAxes({ op }: GradientContext, value: Value): Value {
  const rank = rankOf(value);
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return op.Transpose([value], { perm });
}

const integers = noGradient("it multiplies integers; differentiate the fake-quantized float form");

/** Rules of matrix products. */
export const matmulGradients = {
  Gemm: gemm,
  MatMul: matmul,
  MatMulInteger: integers,
  QLinearMatMul: integers,
} satisfies Partial<GradientTable>;
