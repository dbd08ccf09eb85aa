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

/**
 * Counts the multiply-accumulates of convolutions and matrix products among the kernels of a run. Recurrent and fused
 * attention kernels are not counted.
 */
export function multiplyAccumulates(kernels: readonly KernelRun[]): MultiplyAccumulates {
  let total = 0;
  let integer = 0;
  for (const kernel of kernels) {
    const count = convolutions.has(kernel.op) ? ofConvolution(kernel) : products.has(kernel.op) ? ofProduct(kernel) : 0;
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

function dimsOf(type: TensorType | undefined): readonly number[] {
  return (type?.shape ?? []) as readonly number[];
}

function product(dims: readonly number[]): number {
  return elementCount(dims) ?? 0;
}
