import type { QuantDType } from "@lowbit/quantize";
import type { Capability } from "./capabilities.ts";
import { fixedResult } from "./fixed-results.ts";
import {
  attributeIn,
  attributeIs,
  attributeNotIn,
  biasPerChannel,
  isData,
  manyAlongAxis,
  onlyFirstOutput,
  onlyOnes,
  rank,
  zeroFill,
} from "./constraints.ts";

/** Ops that move or choose elements: they run on codes as they are. */
const movingOps = [
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Concat",
  "Split",
  "Slice",
  "Gather",
  "Expand",
  "Tile",
  "DepthToSpace",
] as const;

/**
 * Rows for the integer kernels that ONNX Runtime's CPU provider forms out of QuantizeLinear and DequantizeLinear, for
 * 8-bit activations of one dtype and int8 weights: what both x86-64 and ARM64 have.
 */
export function onnxRuntimeKernels(activation: QuantDType): readonly Capability[] {
  const activations = [activation];
  const weights = { dtypes: ["int8"], granularities: ["tensor", "channel"] } as const;
  const fuses = ["Relu", "Clip"];
  const result = { kind: "observed" } as const;
  const shared = { kind: "shared" } as const;
  const constantProduct = [isData(1, "weight"), isData(2, "bias")];
  return [
    {
      op: "Conv",
      activations,
      weights,
      bias: "int32",
      result,
      fuses,
      constraints: [...constantProduct, rank(0, 3, 5)],
    },
    {
      op: "Gemm",
      activations,
      weights,
      bias: "int32",
      result: { kind: "observed-or-float" },
      fuses,
      constraints: [
        ...constantProduct,
        biasPerChannel(2),
        attributeIs("alpha", 1, 1),
        attributeIs("beta", 1, 1),
        attributeIs("transA", 0, 0),
      ],
    },
    {
      op: "MatMul",
      activations,
      weights,
      result: { kind: "observed-or-float" },
      fuses,
      addsBias: true,
      constraints: [isData(1, "weight"), rank(1, 2, 2)],
    },
    { op: "MatMul", activations, result },
    { op: "Add", activations, result, fuses },
    { op: "Mul", activations, result, fuses },
    // ONNX Runtime makes an integer kernel of one with dilations too, which has none, and then refuses the model.
    { op: "AveragePool", activations, result, constraints: [onlyOnes("dilations")] },
    { op: "GlobalAveragePool", activations, result },
    { op: "Sigmoid", activations, result: { ...fixedResult("Sigmoid", activation), takesOthers: true } },
    { op: "LeakyRelu", activations, result, fuses: ["Clip"] },
    // The kernel multiplies by floor(1 / scale), so only such a scale is exact; it covers [0, 1).
    // For one uint8 element its table of exponentials overflows.
    {
      op: "Softmax",
      activations,
      result: fixedResult("Softmax", activation),
      constraints: activation === "uint8" ? [manyAlongAxis] : [],
    },
    { op: "MaxPool", activations, result: shared, constraints: [onlyFirstOutput] },
    {
      op: "Resize",
      activations,
      result: shared,
      constraints: [
        attributeIn("mode", ["nearest"], "nearest"),
        attributeNotIn(
          "coordinate_transformation_mode",
          { tf_crop_and_resize: "what lies outside of the image is no element of it" },
          "half_pixel",
        ),
      ],
    },
    { op: "Pad", activations, result: shared, constraints: [zeroFill] },
    ...movingOps.map((op): Capability => ({ op, activations, result: shared })),
  ];
}
