import type { QuantDType } from "@lowbit/quantize";
import type { Capability } from "./capabilities.ts";
import { fixedResult } from "./fixed-results.ts";
import { attributeIn, attributeIs, biasPerChannel, isData, onlyFirstOutput, rank, zeroFill } from "./constraints.ts";

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
    { op: "AveragePool", activations, result },
    { op: "GlobalAveragePool", activations, result },
    { op: "Sigmoid", activations, result: { ...fixedResult("Sigmoid", activation), takesOthers: true } },
    { op: "LeakyRelu", activations, result, fuses: ["Clip"] },
    // The kernel multiplies by floor(1 / scale), so only such a scale is exact; it covers [0, 1).
    { op: "Softmax", activations, result: fixedResult("Softmax", activation) },
    { op: "MaxPool", activations, result: shared, constraints: [onlyFirstOutput] },
    { op: "Resize", activations, result: shared, constraints: [attributeIn("mode", ["nearest"], "nearest")] },
    { op: "Pad", activations, result: shared, constraints: [zeroFill] },
    ...movingOps.map((op): Capability => ({ op, activations, result: shared })),
  ];
}
