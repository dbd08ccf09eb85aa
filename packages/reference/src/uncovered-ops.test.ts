import { isFloat, Tensor } from "@lowbit/ir";
import { expect, test } from "vitest";
import { compareNode, sampler, type NodeCase } from "./against-runtime.testing.ts";

const draw = sampler(11);
const { floats, integers } = draw;
const int64 = (values: readonly number[], dims: readonly number[] = [values.length]): Tensor =>
  Tensor.of("int64", values, dims);
const float = (values: readonly number[], dims: readonly number[] = [values.length]): Tensor =>
  Tensor.of("float", values, dims);
const bool = (values: readonly number[]): Tensor => Tensor.of("bool", values);
const scalar = (value: number): Tensor => Tensor.scalar("float", value);
const unary = (op: string, low = -0.9, high = 0.9): NodeCase => ({ op, inputs: [floats([40], low, high)] });
const special = float([NaN, Infinity, -Infinity, 0, 1.5]);
const microsoft = "com.microsoft";

/** What the ONNX suite of the materials does not cover and ONNX Runtime has, by a name that says the variant. */
const cases: Readonly<Record<string, NodeCase>> = {
  Sin: unary("Sin", -9, 9),
  Cos: unary("Cos", -9, 9),
  Tan: unary("Tan"),
  Asin: unary("Asin"),
  Acos: unary("Acos"),
  Atan: unary("Atan"),
  Sinh: unary("Sinh"),
  Cosh: unary("Cosh"),
  Asinh: unary("Asinh"),
  Acosh: unary("Acosh", 1, 5),
  Atanh: unary("Atanh"),
  IsNaN: { op: "IsNaN", inputs: [special] },
  IsInf: { op: "IsInf", inputs: [special] },
  "IsInf, negative only": { op: "IsInf", inputs: [special], attributes: { detect_positive: 0 } },
  Xor: { op: "Xor", inputs: [bool([0, 0, 1, 1]), bool([0, 1, 0, 1])] },
  "BitShift left": {
    op: "BitShift",
    inputs: [integers("uint8", [9], 0, 255), integers("uint8", [9], 0, 7)],
    attributes: { direction: "LEFT" },
  },
  "BitShift right": {
    op: "BitShift",
    inputs: [integers("uint8", [9], 0, 255), integers("uint8", [9], 0, 7)],
    attributes: { direction: "RIGHT" },
  },
  BitwiseAnd: { op: "BitwiseAnd", inputs: [integers("int32", [9], -99, 99), integers("int32", [9], -99, 99)] },
  BitwiseOr: { op: "BitwiseOr", inputs: [integers("int64", [9], -99, 99), integers("int64", [9], -99, 99)] },
  BitwiseXor: { op: "BitwiseXor", inputs: [integers("uint8", [9], 0, 255), integers("uint8", [9], 0, 255)] },
  BitwiseNot: { op: "BitwiseNot", inputs: [integers("int8", [9], -128, 127)] },
  CastLike: { op: "CastLike", inputs: [floats([9], -300, 300), Tensor.scalar("int32", 0)] },
  ReduceLogSumExp: { op: "ReduceLogSumExp", inputs: [floats([3, 4, 5], -40, 40), int64([0, 2])] },
  ...Object.fromEntries(
    ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceSumSquare"].map(
      (op): [string, NodeCase] => [
        `${op} of each element alone`,
        { op, inputs: [floats([3, 4], op === "ReduceLogSum" ? 0.1 : -2, 2)], attributes: { noop_with_empty_axes: 1 } },
      ],
    ),
  ),
  GlobalLpPool: { op: "GlobalLpPool", inputs: [floats([2, 3, 4, 5])], attributes: { p: 3 } },
  MeanVarianceNormalization: { op: "MeanVarianceNormalization", inputs: [floats([2, 3, 4, 5])] },
  EyeLike: { op: "EyeLike", inputs: [floats([3, 5])], attributes: { k: 1, dtype: 7 } },
  Compress: { op: "Compress", inputs: [floats([3, 4]), bool([1, 0, 1])], attributes: { axis: 1 } },
  "Compress without axis": { op: "Compress", inputs: [floats([3, 4]), bool([1, 0, 1, 0, 0, 1])] },
  Unique: { op: "Unique", inputs: [float([2, 1, 1, 3, 4, 3, -1])], outputs: 4 },
  "Unique rows, not sorted": {
    op: "Unique",
    inputs: [float([1, 0, 0, 1, 0, 0, 2, 3, 4], [3, 3])],
    attributes: { axis: 0, sorted: 0 },
    outputs: 4,
  },
  ReverseSequence: { op: "ReverseSequence", inputs: [floats([4, 3, 2]), int64([4, 2, 1])] },
  NonMaxSuppression: {
    op: "NonMaxSuppression",
    inputs: [
      float([0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101], [1, 6, 4]),
      float([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], [1, 1, 6]),
      int64([3]),
      float([0.5]),
      float([0.4]),
    ],
  },
  BlackmanWindow: { op: "BlackmanWindow", inputs: [Tensor.scalar("int64", 10)] },
  HammingWindow: { op: "HammingWindow", inputs: [Tensor.scalar("int64", 10)], attributes: { periodic: 0 } },
  HannWindow: { op: "HannWindow", inputs: [Tensor.scalar("int64", 11)] },
  MelWeightMatrix: {
    op: "MelWeightMatrix",
    inputs: [
      Tensor.scalar("int64", 8),
      Tensor.scalar("int64", 16),
      Tensor.scalar("int64", 8192),
      scalar(0),
      scalar(4096),
    ],
  },
  DFT: {
    op: "DFT",
    inputs: [floats([1, 12, 1]), Tensor.scalar("int64", 12), Tensor.scalar("int64", 1)],
    attributes: { onesided: 1 },
  },
  "DFT inverse": {
    op: "DFT",
    inputs: [floats([2, 5, 3, 2]), null, Tensor.scalar("int64", 2)],
    attributes: { inverse: 1 },
  },
  STFT: { op: "STFT", inputs: [floats([1, 64, 1]), Tensor.scalar("int64", 8), floats([16], 0, 1)] },
  Det: { op: "Det", inputs: [floats([3, 4, 4])] },
  Col2Im: { op: "Col2Im", inputs: [floats([1, 18, 12]), int64([5, 6]), int64([3, 3])] },
  "Col2Im, padded and dilated": {
    op: "Col2Im",
    inputs: [floats([2, 12, 18]), int64([7, 7]), int64([2, 3])],
    attributes: { dilations: [2, 1], pads: [1, 0, 0, 1], strides: [2, 1] },
  },
  CenterCropPad: { op: "CenterCropPad", inputs: [floats([20, 8, 3]), int64([10, 9])], attributes: { axes: [0, 1] } },
  MaxUnpool: {
    op: "MaxUnpool",
    inputs: [float([1, 2, 3, 4], [1, 1, 2, 2]), int64([5, 7, 13, 15], [1, 1, 2, 2])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  RoiAlign: {
    op: "RoiAlign",
    inputs: [floats([2, 3, 10, 9]), float([0, 0, 8, 9, 2.5, 1.2, 6.1, 7.3, 1, 1, 3, 3], [3, 4]), int64([0, 1, 1])],
    attributes: { output_height: 3, output_width: 2, sampling_ratio: 2, spatial_scale: 0.9 },
  },
  "RoiAlign, output_half_pixel": {
    op: "RoiAlign",
    inputs: [floats([1, 2, 10, 9]), float([0, 0, 8, 9, 2.5, 1.2, 6.1, 7.3], [2, 4]), int64([0, 0])],
    attributes: { output_height: 2, output_width: 2, coordinate_transformation_mode: "output_half_pixel" },
  },
  MaxRoiPool: {
    op: "MaxRoiPool",
    inputs: [floats([2, 2, 9, 8]), float([0, 0, 0, 7, 8, 1, 2, 1, 5, 6], [2, 5])],
    attributes: { pooled_shape: [3, 2], spatial_scale: 1 },
  },
  DeformConv: {
    op: "DeformConv",
    inputs: [
      floats([1, 4, 7, 6]),
      floats([6, 2, 3, 3]),
      floats([1, 36, 7, 6], -1.5, 1.5),
      floats([6]),
      floats([1, 18, 7, 6], 0, 1),
    ],
    attributes: { group: 2, offset_group: 2, pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
  },
  ...Object.fromEntries(
    ["linear", "nearest", "cubic"].flatMap((mode) =>
      ["zeros", "border", "reflection"].flatMap((padding) =>
        [0, 1].map((align): [string, NodeCase] => [
          `GridSample ${mode}, ${padding}, align_corners ${align}`,
          {
            op: "GridSample",
            inputs: [floats([2, 3, 5, 6]), floats([2, 4, 3, 2], -1.4, 1.4)],
            attributes: { mode, padding_mode: padding, align_corners: align },
          },
        ]),
      ),
    ),
  ),
  "GridSample, volumes": { op: "GridSample", inputs: [floats([1, 2, 4, 5, 3]), floats([1, 2, 3, 2, 3], -1.2, 1.2)] },
  "Resize nearest, a scale whose positions are ties in float32 only": {
    op: "Resize",
    inputs: [integers("int8", [1, 2, 5, 6], -100, 100), null, float([1, 1, 1.7, 2.3])],
  },
  "Resize linear to sizes, corners aligned": {
    op: "Resize",
    inputs: [floats([1, 2, 5, 6]), null, null, int64([1, 2, 7, 15])],
    attributes: { mode: "linear", coordinate_transformation_mode: "align_corners" },
  },
  "Resize cubic, half_pixel_symmetric": {
    op: "Resize",
    inputs: [floats([1, 2, 5, 6]), null, float([1, 1, 1.7, 0.8])],
    attributes: { mode: "cubic", coordinate_transformation_mode: "half_pixel_symmetric" },
  },
  AffineGrid: { op: "AffineGrid", inputs: [floats([2, 2, 3]), int64([2, 3, 4, 5])] },
  "AffineGrid, volumes, aligned": {
    op: "AffineGrid",
    inputs: [floats([1, 3, 4]), int64([1, 2, 3, 4, 2])],
    attributes: { align_corners: 1 },
  },
  "Attention, grouped query heads, causal": {
    op: "Attention",
    opset: 23,
    inputs: [floats([2, 4, 3, 8]), floats([2, 2, 5, 8]), floats([2, 2, 5, 6])],
    attributes: { is_causal: 1, softcap: 2 },
  },
  "Attention, rank 3, mask and past": {
    op: "Attention",
    opset: 23,
    inputs: [
      floats([1, 3, 16]),
      floats([1, 3, 16]),
      floats([1, 3, 16]),
      floats([3, 5]),
      floats([1, 2, 2, 8]),
      floats([1, 2, 2, 8]),
    ],
    attributes: { q_num_heads: 2, kv_num_heads: 2, scale: 0.3 },
    outputs: 4,
  },
  RotaryEmbedding: {
    op: "RotaryEmbedding",
    opset: 23,
    inputs: [floats([2, 3, 4, 8]), floats([50, 4]), floats([50, 4]), int64([0, 3, 7, 1, 9, 9, 20, 49], [2, 4])],
  },
  "RotaryEmbedding, rank 3, interleaved, partial": {
    op: "RotaryEmbedding",
    opset: 23,
    inputs: [floats([1, 4, 24]), floats([1, 4, 2]), floats([1, 4, 2])],
    attributes: { num_heads: 3, interleaved: 1, rotary_embedding_dim: 4 },
  },
  FusedMatMul: {
    op: "FusedMatMul",
    domain: microsoft,
    inputs: [floats([2, 5, 3]), floats([2, 5, 4])],
    attributes: { transA: 1, alpha: 0.7 },
  },
  FusedConv: {
    op: "FusedConv",
    domain: microsoft,
    inputs: [floats([1, 3, 6, 6]), floats([4, 3, 3, 3]), floats([4]), floats([1, 4, 4, 4])],
    attributes: { activation: "Relu" },
  },
  FusedGemm: {
    op: "FusedGemm",
    domain: microsoft,
    inputs: [floats([3, 5]), floats([5, 4]), floats([4])],
    attributes: { activation: "LeakyRelu", activation_alpha: 0.1 },
  },
  MatMulIntegerToFloat: {
    op: "MatMulIntegerToFloat",
    domain: microsoft,
    inputs: [
      integers("uint8", [3, 20], 0, 255),
      integers("int8", [20, 4], -60, 60),
      scalar(0.01),
      floats([4], 0.01, 0.02),
      Tensor.scalar("uint8", 99),
      Tensor.of("int8", [0, 0, 0, 0]),
      floats([4]),
    ],
  },
  DynamicQuantizeMatMul: {
    op: "DynamicQuantizeMatMul",
    domain: microsoft,
    inputs: [
      floats([3, 20]),
      integers("int8", [20, 4], -60, 60),
      floats([4], 0.01, 0.02),
      Tensor.of("int8", [0, 0, 0, 0]),
      floats([4]),
    ],
  },
  MatMulNBits: {
    op: "MatMulNBits",
    domain: microsoft,
    inputs: [
      floats([3, 40]),
      integers("uint8", [5, 3, 8], 0, 255),
      floats([15], 0.01, 0.02),
      integers("uint8", [10], 0, 255),
    ],
    attributes: { K: 40, N: 5, bits: 4, block_size: 16 },
  },
  QLinearWhere: {
    op: "QLinearWhere",
    domain: microsoft,
    inputs: [
      bool([1, 0, 1, 1, 0]),
      integers("uint8", [3, 5], 0, 255),
      scalar(0.03),
      Tensor.scalar("uint8", 7),
      integers("uint8", [5], 0, 255),
      scalar(0.05),
      Tensor.scalar("uint8", 100),
      scalar(0.04),
      Tensor.scalar("uint8", 90),
    ],
  },
};

/** Operands that ONNX Runtime's kernels only take as constants. */
const constants: Readonly<Record<string, readonly number[]>> = {
  "Resize nearest, a scale whose positions are ties in float32 only": [2],
  "Resize linear to sizes, corners aligned": [3],
  "Resize cubic, half_pixel_symmetric": [2],
  MatMulIntegerToFloat: [1, 3, 5],
  DynamicQuantizeMatMul: [1, 2, 3],
  MatMulNBits: [1, 2, 3],
  QLinearWhere: [2, 3, 5, 6, 7, 8],
};

test.each(Object.entries(cases))("%s agrees with ONNX Runtime", async (name, each) => {
  const { expected, actual } = await compareNode(each, constants[name]);
  for (const [i, tensor] of expected.entries()) {
    const ours = actual[i]!;
    expect(ours.type).toEqual(tensor.type);
    const theirs = tensor.numbers();
    const tolerance = isFloat(tensor.dtype) ? 2e-5 : 0;
    const differing = [...ours.numbers().entries()].filter(([k, x]) => {
      const y = theirs[k]!;
      return !Object.is(x, y) && x !== y && !(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)));
    });
    expect(differing.map(([k, x]) => [k, x, theirs[k]])).toEqual([]);
  }
});
