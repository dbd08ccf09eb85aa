import { onnxRuntimeKernels, rank, type Capability, type CapabilityTable } from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/** Smallest scale that QNNPACK's users give it. */
const leastScale = 2 ** -12;

/** Ops that have QNNPACK kernels with the arithmetic simulated here, and ops that only move codes. */
const kernels = new Set([
  "Conv",
  "Gemm",
  "MatMul",
  "Add",
  "GlobalAveragePool",
  "Sigmoid",
  "LeakyRelu",
  "Softmax",
  "MaxPool",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Concat",
  "Split",
  "Slice",
]);

/** uint8 weights, one scale per tensor; products end in codes. */
function qnnpackRow(row: Capability): Capability {
  if (!row.weights) return row;
  const constraints = [...(row.constraints ?? []), ...(row.op === "Conv" ? [rank(0, 4, 4)] : [])];
  return {
    ...row,
    weights: { dtypes: ["uint8"], granularities: ["tensor"] },
    result: { kind: "observed" },
    constraints,
  };
}

/** uint8 affine activations, uint8 weights around 128, both with one scale per tensor. */
export const qnnpackCapabilities: CapabilityTable = {
  activation: observed("uint8", { eps: leastScale }),
  weight: { ...observed("uint8", { range: [1, 255], symmetric: true, eps: leastScale }), granularity: "tensor" },
  ops: onnxRuntimeKernels("uint8")
    .filter(({ op, weights }) => kernels.has(op) && (op !== "MatMul" || weights !== undefined))
    .map(qnnpackRow),
};
