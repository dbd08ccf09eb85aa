import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { groupsAlong } from "../arrays/regroup.ts";
import { optionalInt } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { conv, convTranspose } from "./convolution.ts";
import { fakeQuantizeElement, quantizationParameters } from "./fake-quantize.ts";
import { gemm, gemmSettings } from "./matmul.ts";

const f32 = Math.fround;

/**
 * `Y = op(X, FQ(W·k)) + (B - mean)·k + beta` with `k = gamma / √(variance + ε)`, in float32 steps up to the weights and
 * the bias; the scales of FQ are multiplied by `exp(log_ratio)`: https://arxiv.org/abs/1806.08342, section 3.2.2, with frozen statistics.
 */
const convBatchNormalization: Kernel = (call) => {
  const [x, w, bias] = [call.tensor(0), call.tensor(1), call.optional(2)?.numbers()];
  const [gamma, beta, mean, variance] = [3, 4, 5, 6].map((index) => call.tensor(index).numbers()) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = f32(call.node.float("epsilon", 1e-5));
  const factors = gamma.map((g, c) => f32(g / f32(Math.sqrt(f32(variance[c]! + epsilon)))));
  const op = call.node.string("op", "Conv");
  const settings = gemmSettings(call);
  const biasScale = op === "Gemm" ? settings.beta : 1;
  const shift = factors.map((k, c) => f32(f32(f32(biasScale * (bias?.[c] ?? 0) - mean[c]!) * k) + beta[c]!));
  const ratios =
    call
      .optional(7)
      ?.numbers()
      .map((r) => f32(Math.exp(r))) ?? null;
  const weights = quantizeWeights(call, w, scaleOutputChannels(call, op, w, factors), ratios);
  const shifts = tensorOf(x.dtype, [shift.length], shift);
  switch (op) {
    case "Conv":
      return conv(call, x, weights, shifts);
    case "ConvTranspose":
      return convTranspose(call, x, weights, shifts);
    case "Gemm":
      return gemm(call, x, weights, shifts, { ...settings, beta: 1 });
    default:
      return call.fail(`op "${op}" cannot be normalized`);
  }
};

/** `W·k` along the output channels of the op's weight layout. */
function scaleOutputChannels(call: KernelCall, op: string, w: Tensor, factors: Float64Array): Float64Array {
  const [first, second] = w.dims as [number, number];
  const inner = w.size / (first * second);
  const perGroup = factors.length / call.node.int("group", 1);
  const channelOf = (i: number): number => {
    const [a, b] = [Math.floor(i / (inner * second)), Math.floor(i / inner) % second];
    if (op === "Conv") return a;
    if (op === "Gemm") return call.node.int("transB", 0) === 1 ? a : b;
    // ConvTranspose: [C, M/group, …], where the first axis runs through the groups.
    return Math.floor(a / (first / call.node.int("group", 1))) * perGroup + b;
  };
  return w.numbers().map((weight, i) => f32(weight * factors[channelOf(i)]!));
}

/** The weights after fake quantization with the symmetric range of their own largest magnitude, times a learned ratio. */
function quantizeWeights(call: KernelCall, w: Tensor, scaled: Float64Array, ratios: Float64Array | null): Tensor {
  const dtype = call.node.string("weight_dtype", "");
  if (dtype === "") return tensorOf(w.dtype, w.dims, scaled);
  const range = [call.node.int("weight_qmin", 0), call.node.int("weight_qmax", 0)] as const;
  const axis = optionalInt(call.node, "weight_axis");
  const kept = axis === null ? null : call.axis(axis, w.dims.length);
  const { bases, members } = groupsAlong(
    w.dims,
    w.dims.map((_, i) => i).filter((i) => i !== kept),
  );
  for (const [at, base] of bases.entries()) {
    const group = Float64Array.from(members, (member) => scaled[base + member]!);
    const [low, high] = [group.reduce((a, b) => Math.min(a, b), 0), group.reduce((a, b) => Math.max(a, b), 0)];
    const { scale: own, zeroPoint } = quantizationParameters(low, high, range, true, !dtype.startsWith("u"));
    const scale = ratios ? f32(own * ratios[at % ratios.length]!) : own;
    for (const [i, member] of members.entries()) {
      scaled[base + member] = fakeQuantizeElement(group[i]!, scale, zeroPoint, range);
    }
  }
  return tensorOf(w.dtype, w.dims, scaled);
}

/** The QAT composite of the `lowbit` domain. */
export const convBatchNormalizationKernels = {
  ConvBatchNormalization: convBatchNormalization,
} satisfies Readonly<Record<string, Kernel>>;
