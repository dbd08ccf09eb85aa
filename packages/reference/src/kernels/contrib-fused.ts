import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { broadcastElements } from "../arrays/map.ts";
import { floatsAttribute } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { sigmoid } from "../special-functions.ts";
import { affineOf } from "../quantization-parameters.ts";
import { conv } from "./convolution.ts";
import { matMulSums } from "./integer-products.ts";
import { gemm, gemmSettings, matMul } from "./matmul.ts";
import { dynamicallyQuantized } from "./quantize-linear.ts";
import { permuted } from "./shape.ts";

const f32 = Math.fround;

/** An activation that a fused op names, with its parameters. */
function fusedActivation(call: KernelCall, alpha: number, beta: number): (x: number) => number {
  const name = call.node.string("activation", "");
  switch (name) {
    case "":
      return (x) => x;
    case "Relu":
      return (x) => Math.max(0, x);
    case "Tanh":
      return Math.tanh;
    case "Sigmoid":
      return sigmoid;
    case "LeakyRelu":
      return (x) => (x < 0 ? alpha * x : x);
    case "Clip":
      return (x) => Math.max(alpha, Math.min(beta, x));
    case "HardSigmoid":
      return (x) => Math.max(0, Math.min(1, alpha * x + beta));
    default:
      return call.fail(`activation "${name}" is unknown`);
  }
}

/** `activation(conv(X, W) + B + Z)`. */
const fusedConv: Kernel = (call) => {
  const y = conv(call, call.tensor(0), call.tensor(1), call.optional(2));
  const z = call.optional(3)?.numbers();
  const [alpha = 0, beta = 0] = floatsAttribute(call.node, "activation_params", []);
  const f = fusedActivation(call, alpha, beta);
  return tensorOf(
    y.dtype,
    y.dims,
    y.numbers().map((element, i) => f(element + (z ? z[i]! : 0))),
  );
};

/** `activation(Gemm(A, B, C))`. */
const fusedGemm: Kernel = (call) => {
  const y = gemm(call, call.tensor(0), call.tensor(1), call.optional(2), gemmSettings(call));
  const f = fusedActivation(call, call.node.float("activation_alpha", 0), call.node.float("activation_beta", 0));
  return tensorOf(y.dtype, y.dims, y.numbers().map(f));
};

/** `alpha·A'·B'`; a `transBatch` operand has its batch axes after its first matrix axis. */
const fusedMatMul: Kernel = (call) => {
  const operand = (index: number, name: "A" | "B"): Tensor => {
    const x = call.tensor(index);
    const rank = x.dims.length;
    if (rank < 2) return x;
    let axes = x.dims.map((_, axis) => axis);
    if (call.node.int(`transBatch${name}`, 0) === 1) axes = [...axes.slice(1, -1), 0, rank - 1];
    if (call.node.int(`trans${name}`, 0) === 1) axes = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
    return permuted(x, axes);
  };
  const product = matMul(call, operand(0, "A"), operand(1, "B"));
  const alpha = call.node.float("alpha", 1);
  return tensorOf(
    product.dtype,
    product.dims,
    product.numbers().map((x) => alpha * x),
  );
};

/** `f32(acc)·f32(sa·sb[n]) + bias[n]`. */
function scaledProduct(
  call: KernelCall,
  [a, b]: readonly [Tensor, Tensor],
  [aScale, bScale]: readonly [Tensor, Tensor],
  [aZero, bZero]: readonly [Tensor | null, Tensor | null],
  bias: Tensor | null,
): Tensor {
  const { sums, dims, columns } = matMulSums(call, a, b, aZero, bZero);
  const [sa, sbs] = [affineOf(call, aScale, aZero).scale, bScale.numbers()];
  if (sbs.length !== 1 && sbs.length !== columns) call.fail(`${sbs.length} scales for ${columns} columns`);
  const biases = bias?.numbers();
  const values = Float64Array.from(sums, (sum, i) => {
    const scaled = f32(f32(sum) * f32(sa * sbs[sbs.length === 1 ? 0 : i % columns]!));
    return biases ? f32(scaled + biases[i % columns]!) : scaled;
  });
  return tensorOf(aScale.dtype, dims, values);
}

const matMulIntegerToFloat: Kernel = (call) =>
  scaledProduct(
    call,
    [call.tensor(0), call.tensor(1)],
    [call.tensor(2), call.tensor(3)],
    [call.optional(4), call.optional(5)],
    call.optional(6),
  );

const dynamicQuantizeMatMul: Kernel = (call) => {
  const [codes, scale, zero] = dynamicallyQuantized(call.tensor(0));
  return scaledProduct(
    call,
    [codes, call.tensor(1)],
    [scale, call.tensor(2)],
    [zero, call.optional(3)],
    call.optional(4),
  );
};

/**
 * `A·dequantize(B)ᵀ + bias`, with B `[N, blocks, bytes per block]` packed low bits first; activations stay float
 * (accuracy level 0 and 1).
 */
const matMulNBits: Kernel = (call) => {
  const [a, packed, scales] = [call.tensor(0), call.tensor(1).bytes(), call.tensor(2).numbers()];
  const zeroPoints = call.optional(3);
  if (call.optional(4)) call.fail("reordered weights (g_idx) are not supported");
  const bits = call.node.int("bits", 4);
  const [inner, columns, block] = [call.node.int("K", 0), call.node.int("N", 0), call.node.int("block_size", 0)];
  const blocks = Math.ceil(inner / block);
  const codeAt = (bytes: Uint8Array, row: number, rowBytes: number, index: number): number => {
    const bit = index * bits;
    return (bytes[row * rowBytes + (bit >> 3)]! >> (bit & 7)) & ((1 << bits) - 1);
  };
  const zeroAt = (column: number, blockIndex: number): number => {
    if (!zeroPoints) return 2 ** (bits - 1);
    if (zeroPoints.dtype !== "uint8") return zeroPoints.numbers()[column * blocks + blockIndex]!;
    return codeAt(zeroPoints.bytes(), column, Math.ceil((blocks * bits) / 8), blockIndex);
  };
  const weights = new Float64Array(inner * columns);
  for (let column = 0; column < columns; column++) {
    for (let k = 0; k < inner; k++) {
      const blockIndex = Math.floor(k / block);
      const code = codeAt(packed, column * blocks + blockIndex, (block * bits) / 8, k % block);
      weights[k * columns + column] = f32((code - zeroAt(column, blockIndex)) * scales[column * blocks + blockIndex]!);
    }
  }
  const product = matMul(call, a, tensorOf(a.dtype, [inner, columns], weights));
  const bias = call.optional(5);
  if (!bias) return product;
  const addend = broadcastElements(bias, product.dims) as Float64Array;
  return tensorOf(
    product.dtype,
    product.dims,
    product.numbers().map((x, i) => x + addend[i]!),
  );
};

/** Fused and weight-only ops of ONNX Runtime's `com.microsoft` domain. */
export const contribFusedKernels = {
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: fusedMatMul,
  MatMulIntegerToFloat: matMulIntegerToFloat,
  DynamicQuantizeMatMul: dynamicQuantizeMatMul,
  MatMulNBits: matMulNBits,
} satisfies Readonly<Record<string, Kernel>>;
