import { addFloat, addFixedPoint22 } from "./add.ts";
import { averageFixedPoint24, averageFloat } from "./average.ts";
import { requantizeFloat, requantizeGemmlowp, requantizeQnnpack, requantizeRndnu } from "./requantize.ts";
import { multiplyFloat, multiplyFused } from "./multiply.ts";
import type { Add, Average, Multiply, Requantize } from "./types.ts";

/**
 * How the integer kernels of a backend compute where backends differ: the interpreter's integer ops ask it, so that a
 * backend can be simulated exactly. Everything else (zero points, padding, int32 wraparound) is common to all.
 */
export interface IntegerArithmetic {
  readonly name: string;
  /**
   * How products are summed. `saturating-pairs`: in uint8 x int8 products the sums of two neighbours along the
   * reduction saturate at int16, as `vpmaddubsw` does on x86 without VNNI. Depthwise convolutions (one channel in and
   * out per group) and ConvInteger are exact even there.
   */
  readonly accumulate: "exact" | "saturating-pairs";
  /** From an int32 accumulator to an output code: convolutions, matrix products, Gemm. */
  readonly requantize: Requantize;
  /** The sum of two codes as an output code. */
  readonly add: Add;
  /** The product of two codes as an output code. */
  readonly multiply: Multiply;
  /** From a sum of codes to the code of their mean: global average pooling. */
  readonly average: Average;
  /** Whether pools with windows average dequantized floats, or sums of codes as `average` does, padding as codes of 0. */
  readonly poolsOn: "floats" | "codes";
}

/** ONNX Runtime (MLAS) on x86-64 with VNNI, FBGEMM, XNNPACK's qs8: float32 multiplier, ties to even. */
export const floatArithmetic: IntegerArithmetic = {
  name: "float",
  accumulate: "exact",
  requantize: requantizeFloat,
  add: addFloat,
  multiply: multiplyFloat,
  average: averageFloat,
  poolsOn: "floats",
};

/** ONNX Runtime on x86-64 without VNNI (AVX2): like `floatArithmetic`, but uint8 x int8 pairs saturate. */
export const avx2Arithmetic: IntegerArithmetic = {
  ...floatArithmetic,
  name: "avx2",
  accumulate: "saturating-pairs",
};

/** ONNX Runtime on ARM64: float32 multiplier, but additions in fixed point and products with fused multiply-add. */
export const armArithmetic: IntegerArithmetic = {
  ...floatArithmetic,
  name: "arm",
  add: addFixedPoint22,
  multiply: multiplyFused,
};

/** QNNPACK of 2019: Q31 multiplier below 1, rounded twice. */
export const qnnpackArithmetic: IntegerArithmetic = {
  ...armArithmetic,
  name: "qnnpack",
  requantize: requantizeQnnpack,
  average: averageFixedPoint24,
  poolsOn: "codes",
};

/** gemmlowp and TensorFlow Lite: a full Q31 multiplier, which may exceed 1, rounded twice like QNNPACK. */
export const gemmlowpArithmetic: IntegerArithmetic = {
  ...armArithmetic,
  name: "gemmlowp",
  requantize: requantizeGemmlowp,
  average: averageFixedPoint24,
  poolsOn: "codes",
};

/** XNNPACK's qu8 kernels on ARM64: 24-bit multiplier, one rounding with ties upward. */
export const rndnuArithmetic: IntegerArithmetic = {
  ...armArithmetic,
  name: "rndnu",
  requantize: requantizeRndnu,
  average: averageFixedPoint24,
  poolsOn: "codes",
};
