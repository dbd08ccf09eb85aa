import type { OpName } from "@lowbit/ir";
import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** A reduction with every form of axes. */
function reduction(op: OpName, range: readonly [number, number] = [-1.5, 1.5]): readonly GradientCase[] {
  const options = { range };
  return casesOf(
    op,
    ["inner axis kept", `(double[2,3,4] x) => (y) <int64[1] axes = {1}> { y = ${op} (x, axes) }`, options],
    [
      "two axes dropped",
      `(double[2,3,4] x) => (y) <int64[2] axes = {-1, 0}> { y = ${op} <keepdims = 0> (x, axes) }`,
      options,
    ],
    ["all axes kept", `(double[2,3] x) => (y) { y = ${op} (x) }`, options],
    ["all axes dropped", `(double[2,3] x) => (y) { y = ${op} <keepdims = 0> (x) }`, options],
    ["no axes with noop", `(double[2,3] x) => (y) { y = ${op} <noop_with_empty_axes = 1> (x) }`, options],
    [
      "no axes with noop, an empty operand",
      `(double[2,3] x) => (y) <int64[0] axes = {}> { y = ${op} <noop_with_empty_axes = 1, keepdims = 0> (x, axes) }`,
      options,
    ],
    [
      "an empty operand reduces all",
      `(double[2,3] x) => (y) <int64[0] axes = {}> { y = ${op} <keepdims = 0> (x, axes) }`,
      options,
    ],
    [
      "axes of the run, with noop",
      `(double[2,3,4] x, int64[2] axes) => (y) { y = ${op} <noop_with_empty_axes = 1> (x, axes) }`,
      { ...options, given: { axes: [0, -1] } },
    ],
    [
      "axes of the run",
      `(double[2,3,4] x, int64[1] axes) => (y) { y = ${op} <keepdims = 0> (x, axes) }`,
      { ...options, given: { axes: [2] } },
    ],
  );
}

/** Reductions and matrix products. */
export const algebraCases: readonly GradientCase[] = [
  ...reduction("ReduceSum"),
  ...reduction("ReduceMean"),
  ...reduction("ReduceMax"),
  ...reduction("ReduceMin"),
  ...reduction("ReduceProd"),
  ...reduction("ReduceL1"),
  ...reduction("ReduceL2"),
  ...reduction("ReduceLogSum", [0.3, 2]),
  ...reduction("ReduceLogSumExp"),
  ...reduction("ReduceSumSquare"),
  ...casesOf(
    "ReduceProd",
    [
      "one zero",
      "(double[2,3] x) => (y) <int64[1] axes = {1}> { y = ReduceProd (x, axes) }",
      { given: { x: [0, 2, 3, 1, 2, 3] } },
    ],
    [
      "two zeros",
      "(double[2,3] x) => (y) <int64[1] axes = {1}> { y = ReduceProd (x, axes) }",
      { given: { x: [0, 2, 0, 1, 2, 3] } },
    ],
  ),
  ...casesOf(
    "MatMul",
    ["two matrices", "(double[3,4] a, double[4,5] b) => (y) { y = MatMul (a, b) }"],
    ["a batch and a matrix", "(double[2,3,4] a, double[4,5] b) => (y) { y = MatMul (a, b) }"],
    ["two batches", "(double[2,3,4] a, double[2,4,5] b) => (y) { y = MatMul (a, b) }"],
    ["batches broadcast both ways", "(double[3,1,2,4] a, double[2,4,5] b) => (y) { y = MatMul (a, b) }"],
    ["a matrix and a batch", "(double[3,4] a, double[2,4,5] b) => (y) { y = MatMul (a, b) }"],
    ["two vectors", "(double[4] a, double[4] b) => (y) { y = MatMul (a, b) }"],
    ["a vector and a matrix", "(double[4] a, double[4,5] b) => (y) { y = MatMul (a, b) }"],
    ["a batch and a vector", "(double[2,3,4] a, double[4] b) => (y) { y = MatMul (a, b) }"],
    ["a vector and a batch", "(double[4] a, double[2,4,3] b) => (y) { y = MatMul (a, b) }"],
  ),
  ...casesOf(
    "Gemm",
    ["plain", "(double[3,4] a, double[4,5] b) => (y) { y = Gemm (a, b) }"],
    [
      "B transposed, bias per column",
      "(double[3,4] a, double[5,4] b, double[5] c) => (y) { y = Gemm <transB = 1> (a, b, c) }",
    ],
    [
      "A transposed, bias per row",
      "(double[4,3] a, double[4,5] b, double[3,1] c) => (y) { y = Gemm <transA = 1> (a, b, c) }",
    ],
    [
      "both transposed, alpha and beta, full bias",
      "(double[4,3] a, double[5,4] b, double[3,5] c) => (y) { y = Gemm <transA = 1, transB = 1, alpha = 0.5, beta = 2.0> (a, b, c) }",
    ],
    ["scalar bias", "(double[3,4] a, double[4,5] b, double c) => (y) { y = Gemm (a, b, c) }"],
  ),
  ...casesOf(
    "Einsum",
    ["matrix product", '(double[3,4] a, double[4,5] b) => (y) { y = Einsum <equation = "ij,jk->ik"> (a, b) }'],
    ["implicit result", '(double[3,4] a, double[4,5] b) => (y) { y = Einsum <equation = "ij,jk"> (a, b) }'],
    [
      "a summed index of one operand",
      '(double[3,4] a, double[3] b) => (y) { y = Einsum <equation = "ij,i->i"> (a, b) }',
    ],
    [
      "attention scores",
      '(double[2,3,2,4] q, double[2,5,2,4] k) => (y) { y = Einsum <equation = "bqhd,bkhd->bhqk"> (q, k) }',
    ],
    [
      "three operands",
      '(double[2] a, double[3] b, double[2,3] c) => (y) { y = Einsum <equation = "i,j,ij->"> (a, b, c) }',
    ],
  ),
];
