import { elementCount, type TensorType } from "@lowbit/ir";
import type { KernelRun } from "./what-ran.ts";

/** Multiply-accumulates of a run: those of all products of two tensors, and how many of them ran on integers. */
export interface MultiplyAccumulates {
  readonly total: number;
  readonly integer: number;
}

/** Kernels that multiply codes of 8 bits; everything else that multiplies does it in float. */
const integerKernels = new Set([
  "ConvInteger",
  "QLinearConv",
  "QLinearMatMul",
  "QGemm",
  "MatMulInteger",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
]);

const convolutions = new Set(["Conv", "FusedConv", "NhwcFusedConv", "ConvTranspose", "ConvInteger", "QLinearConv"]);
const products = new Set([
  "Gemm",
  "FusedGemm",
  "MatMul",
  "FusedMatMul",
  "MatMulNBits",
  "QGemm",
  "QLinearMatMul",
  "MatMulInteger",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
]);
const recurrent = new Set(["LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"]);

/**
 * Counts the multiply-accumulates of convolutions, matrix products, recurrent and fused attention kernels among those of
 * a run. A recurrent kernel counts as float whatever its weights are, because its state is.
 */
export function multiplyAccumulates(kernels: readonly KernelRun[]): MultiplyAccumulates {
  let total = 0;
  let integer = 0;
  for (const kernel of kernels) {
    const count = ofKernel(kernel);
    total += count;
    if (integerKernels.has(kernel.op)) integer += count;
  }
  return { total, integer };
}

/** The share of multiply-accumulates that ran on integers, 0 to 1; 0 where there are none. */
export function integerShare(kernels: readonly KernelRun[]): number {
  const { total, integer } = multiplyAccumulates(kernels);
  return total === 0 ? 0 : integer / total;
}

function ofKernel(kernel: KernelRun): number {
  const { op } = kernel;
  if (convolutions.has(op)) return ofConvolution(kernel);
  if (products.has(op)) return ofProduct(kernel);
  if (recurrent.has(op)) return ofRecurrence(kernel);
  return op === "Attention" || op === "MultiHeadAttention" ? ofAttention(kernel) : 0;
}

/** Each result element of a convolution sums over one filter; each input element of a transposed one spreads over one. */
function ofConvolution({ op, inputs, outputs }: KernelRun): number {
  const weight = dimsOf(inputs[op === "QLinearConv" ? 3 : 1]);
  const perElement = product(weight.slice(1));
  return product(dimsOf(op === "ConvTranspose" ? inputs[0] : outputs[0])) * perElement;
}

/** Each result element [..., M, N] sums over K, where the first operand is [..., M, K], or [..., K, M] transposed. */
function ofProduct({ inputs, outputs }: KernelRun): number {
  const result = dimsOf(outputs[0]);
  const first = dimsOf(inputs[0]);
  const isTransposed = first.length > 1 && first.at(-2) !== result.at(-2);
  return product(result) * ((isTransposed ? first.at(-2) : first.at(-1)) ?? 1);
}

/** Each step of each sequence of X [steps, sequences, _] multiplies with all weights, of the operand and of the state. */
function ofRecurrence({ inputs }: KernelRun): number {
  const [x, weight, recurrence] = inputs;
  return product(dimsOf(x).slice(0, 2)) * (product(dimsOf(weight)) + product(dimsOf(recurrence)));
}

/**
 * Scores of all keys [..., keys, width] for each query, and the sums of values that they weigh. Where the second operand is
 * a matrix, as in the op of com.microsoft, it makes queries, keys and values of X [batch, steps, _] first.
 */
function ofAttention({ inputs, outputs }: KernelRun): number {
  const [first, second, result] = [dimsOf(inputs[0]), dimsOf(inputs[1]), dimsOf(outputs[0])];
  if (second.length !== 2) return (product(first) + product(result)) * (second.at(-2) ?? 0);
  return product(first.slice(0, 2)) * product(second) + 2 * product(result) * (first[1] ?? 0);
}

function dimsOf(type: TensorType | undefined): readonly number[] {
  return (type?.shape ?? []) as readonly number[];
}

function product(dims: readonly number[]): number {
  return elementCount(dims) ?? 0;
}
