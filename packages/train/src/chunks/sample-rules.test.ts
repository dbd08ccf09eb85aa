import { blockedDomain, channelBlock } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { chunked } from "./chunked.testing.ts";
import { sampledOps } from "./sample-rules.ts";

const hasBlocks = (await channelBlock()) > 1;

/** What comes before the op: x [6, 4, 5, 3] and u [6, 4, 5, 3] of floats, images [6, 16, 4, 4], labels [6] of int64. */
const unary = (op: string, attributes = ""): string => `v = ${op} ${attributes} (x)`;
const binary = (op: string): string => `v = ${op} (x, u)`;
const compared = (op: string): string => `b = ${op} (x, u)
  v = Cast <to = 1> (b)`;
const logical = (op: string, second = ", d"): string => `c = Cast <to = 9> (x)
  d = Cast <to = 9> (u)
  b = ${op} (c${second})
  v = Cast <to = 1> (b)`;
const positive = (op: string): string => `a = Exp (x)
  v = ${op} (a)`;

/** Nodes that make v of what is fed, by op. */
const cases: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    "Abs Ceil Cos Elu Erf Exp Floor HardSigmoid HardSwish Identity LeakyRelu Neg Relu Round Selu Sigmoid Sign Sin Softplus Softsign Tanh ThresholdedRelu Gelu"
      .split(" ")
      .map((op) => [op, [unary(op)]]),
  ),
  ...Object.fromEntries("Add Sub Mul Div Max Min Sum".split(" ").map((op) => [op, [binary(op)]])),
  ...Object.fromEntries("Equal Greater GreaterOrEqual Less LessOrEqual".split(" ").map((op) => [op, [compared(op)]])),
  ...Object.fromEntries("Log Sqrt Reciprocal".split(" ").map((op) => [op, [positive(op)]])),
  "com.microsoft:Gelu": ["v = com.microsoft.Gelu (x) : float[6,4,5,3] v"],
  "com.microsoft:QuickGelu": ["v = com.microsoft.QuickGelu <alpha = 1.5> (x) : float[6,4,5,3] v"],
  And: [logical("And")],
  Or: [logical("Or")],
  Not: [logical("Not", "")],
  Add: ["v = Add (x, channel)", "v = Add (one, x)"],
  Cast: ["v = Cast <to = 1> (x)"],
  Clip: ["v = Clip (x, low, high)"],
  PRelu: ["v = PRelu (x, channel)"],
  Pow: ["v = Pow (x, two)"],
  Where: ["b = Less (x, u)\n  v = Where (b, x, u)", "b = Less (x, u)\n  v = Where (b, x, one)"],
  QuantizeLinear: [
    "q = QuantizeLinear (x, one, zero_u8)\n  v = Cast <to = 1> (q)",
    "q = QuantizeLinear <axis = 1> (x, scales)\n  v = DequantizeLinear <axis = 1> (q, scales)",
  ],
  DequantizeLinear: ["q = QuantizeLinear <axis = -3> (x, scales)\n  v = DequantizeLinear <axis = -3> (q, scales)"],
  Softmax: [unary("Softmax", "<axis = 1>"), unary("Softmax")],
  LogSoftmax: [unary("LogSoftmax", "<axis = -2>")],
  Hardmax: [unary("Hardmax", "<axis = 2>")],
  LayerNormalization: ["v = LayerNormalization <axis = -1> (x, three)"],
  ReduceSum: ["v = ReduceSum <keepdims = 0> (x, axes_13)", "a = ReduceSum (x, axes_02)\n  v = Mul (a, a)"],
  ReduceSumSquare: ["v = ReduceSumSquare (x, axes_02)", "v = ReduceSumSquare <keepdims = 0> (x, axes_13)"],
  ReduceL1: ["v = ReduceL1 <keepdims = 0> (x)"],
  ReduceL2: ["v = ReduceL2 <keepdims = 0> (x, axes_13)"],
  ReduceMax: ["v = ReduceMax <keepdims = 0> (x, axes_02)", "v = ReduceMax (x, axes_13)"],
  ReduceMin: ["v = ReduceMin (x)", "v = ReduceMin <keepdims = 0> (x, axes_13)"],
  ReduceMean: ["v = ReduceMean <keepdims = 0> (x, axes_02)", "v = ReduceMean (x)"],
  ReduceProd: ["v = ReduceProd <keepdims = 0> (x, axes_13)"],
  ArgMax: ["a = ArgMax <axis = 1, keepdims = 0> (x)\n  v = Cast <to = 1> (a)"],
  ArgMin: [
    "t = Transpose <perm = [1, 2, 0, 3]> (x)\n  a = ArgMin <axis = 0, keepdims = 0> (t)\n  v = Cast <to = 1> (a)",
  ],
  OneHot: ["v = OneHot <axis = 1> (labels, five, off_on)", "v = OneHot <axis = 0> (labels, five, off_on)"],
  Concat: ["v = Concat <axis = 2> (x, u, x)"],
  Gather: ["v = Gather <axis = 1> (x, picks)", "v = Gather (table, labels)", "v = Gather <axis = 1> (table, labels)"],
  Split: ["v, w = Split <axis = 1, num_outputs = 2> (x)"],
  Slice: ["v = Slice (x, start, end, axes_13)"],
  Pad: ["v = Pad (x, pads)"],
  Reshape: [
    "v = Reshape (x, rows)",
    "v = Reshape (x, split_axes)",
    "a = Reshape (x, rows)\n  v = Reshape (a, split_axes)",
  ],
  Flatten: ["v = Flatten <axis = 1> (x)", "v = Flatten <axis = 3> (x)"],
  Squeeze: ["a = Unsqueeze (x, axis_0)\n  v = Squeeze (a, axis_0)"],
  Unsqueeze: ["v = Unsqueeze (x, axis_0)"],
  Expand: ["a = ReduceSum (x, axes_13)\n  v = Expand (a, whole)"],
  Transpose: ["v = Transpose <perm = [1, 0, 3, 2]> (x)", "v = Transpose (x)"],
  MatMul: [
    "v = MatMul (x, matrix)",
    "t = Transpose <perm = [0, 1, 3, 2]> (u)\n  v = MatMul (x, t)",
    "a = Flatten (x)\n  t = Transpose (a)\n  v = MatMul (t, a)",
    "a = Flatten (x)\n  v = MatMul (a, wide)",
    "a = Flatten (x)\n  t = Transpose (a)\n  w = Transpose (wide)\n  v = MatMul (w, t)",
    "v = MatMul (stack, x)",
  ],
  "com.microsoft:FusedMatMul": [
    "v = com.microsoft.FusedMatMul <transA = 1, alpha = 0.5> (x, u)",
    "a = Flatten (x)\n  b = Flatten (u)\n  v = com.microsoft.FusedMatMul <transA = 1> (a, b)",
  ],
  Gemm: [
    "a = Flatten (x)\n  v = Gemm (a, wide, seven)",
    "a = Flatten (x)\n  b = Flatten (u)\n  v = Gemm <transA = 1> (a, b)",
    "a = Flatten (x)\n  w = Transpose (wide)\n  v = Gemm <transB = 1> (w, a)",
  ],
  Conv: [
    "v = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (images, kernels, biases)",
    "i = Transpose <perm = [1, 0, 2, 3]> (images)\n  v = Conv <kernel_shape = [4, 4], pads = [1, 1, 1, 1]> (i, i)",
    "i = Reshape (images, as_channels)\n  k = Reshape (images, as_kernels)\n  v = Conv <group = 96, pads = [1, 1, 1, 1]> (i, k)",
    "t = Transpose <perm = [1, 0, 2, 3]> (images)\n  i = Reshape (t, as_volume)\n  v = Conv <kernel_shape = [1, 3, 3], strides = [1, 2, 2], dilations = [2, 1, 1]> (i, volume_kernels)",
  ],
  ConvTranspose: [
    "v = ConvTranspose <strides = [2, 2], output_padding = [1, 1]> (images, kernels)",
    "t = Transpose <perm = [1, 0, 2, 3]> (images)\n  i = Reshape (t, as_volume)\n  v = ConvTranspose <strides = [1, 2, 2]> (i, volume_kernels)",
  ],
  [`${blockedDomain}:Conv`]: [
    `v = ${blockedDomain}.Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (images, kernels, biases, images) : float[6,16,4,4] v`,
    `i = Reshape (images, as_channels)
  k = Reshape (images, as_kernels)
  v = ${blockedDomain}.Conv <group = 96, kernel_shape = [4, 4], pads = [1, 1, 1, 1]> (i, k) : float[1,96,3,3] v`,
  ],
  [`${blockedDomain}:ReorderInput`]: [
    `v = ${blockedDomain}.ReorderInput (images) : float[6,16,4,4] v`,
    `i = Reshape (images, as_channels)\n  v = ${blockedDomain}.ReorderInput (i) : float[1,96,4,4] v`,
  ],
  [`${blockedDomain}:ReorderOutput`]: [
    `v = ${blockedDomain}.ReorderOutput <channels = 16> (images) : float[6,16,4,4] v`,
    `i = Reshape (images, as_channels)\n  v = ${blockedDomain}.ReorderOutput <channels = 96> (i) : float[1,96,4,4] v`,
  ],
  [`${blockedDomain}:MaxPool`]: [
    `v = ${blockedDomain}.MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (images) : float[6,16,2,2] v`,
  ],
  MaxPool: ["v = MaxPool <kernel_shape = [2, 2]> (x)"],
  AveragePool: ["v = AveragePool <kernel_shape = [2, 2], strides = [2, 1]> (x)"],
  GlobalAveragePool: [unary("GlobalAveragePool")],
  GlobalMaxPool: [unary("GlobalMaxPool")],
  BatchNormalization: ["v = BatchNormalization (images, var_16, biases, biases, var_16)"],
};

test("every op that samples are followed through has a case", () => {
  expect(sampledOps.filter((op) => !(op in cases))).toEqual([]);
  expect(Object.keys(cases).filter((op) => !sampledOps.includes(op))).toEqual([]);
});

const runnable = Object.entries(cases).filter(([op]) => hasBlocks || !op.startsWith(blockedDomain));

test.each(runnable.flatMap(([op, texts]) => texts.map((text) => [op, text] as const)))(
  "%s in chunks gives what it gives in one: %s",
  async (_, text) => {
    expect(await chunked(text, 2)).toBeLessThan(1e-5);
  },
);

test.each([
  ["an op without a rule", 'v = Einsum <equation = "nchw->nc"> (x)'],
  ["softmax over the samples", "v = Softmax <axis = 0> (x)"],
  ["a product of all samples", "v = ReduceProd (x)"],
  ["samples one behind the other", "v = Concat <axis = 0> (x, u)"],
  ["the first samples", "v = Slice (x, start, end, axes_02)"],
  ["numbers that differ from sample to sample", "v = Add (x, whole_table)"],
  ["positions in all images", "v, p = MaxPool <kernel_shape = [2, 2]> (x)\n  w = Cast <to = 1> (p)"],
  [
    "statistics of the batch",
    "v, m, n = BatchNormalization <training_mode = 1> (images, var_16, biases, biases, var_16)",
  ],
  ["what all samples decide, for each of them", "a = ReduceSum (x)\n  v = Mul (x, a)"],
  ["a sum of products with something added", "a = Flatten (x)\n  b = Flatten (u)\n  v = Gemm <transA = 1> (a, b, two)"],
  ["samples one behind the other in a row", "t = Transpose <perm = [1, 0, 2, 3]> (x)\n  v = Reshape (t, rows_of_all)"],
])("%s cannot be parted", async (_, text) => {
  expect(await chunked(text, 2)).toBe("not parted");
});
