import {
  attributeIs,
  fixedResult,
  onnxRuntimeKernels,
  rank,
  type Capability,
  type CapabilityTable,
  type Constraint,
} from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/** Smallest scale that QNNPACK's users give it. */
const leastScale = 2 ** -12;

/** Ops that have QNNPACK kernels with the arithmetic simulated here. */
const computing = new Set([
  "Conv",
  "Gemm",
  "MatMul",
  "Add",
  "AveragePool",
  "GlobalAveragePool",
  "Sigmoid",
  "LeakyRelu",
  "Softmax",
]);

/** QNNPACK pools planes and divides by the size of the window, wherever that lies. */
const wholeWindows: readonly Constraint[] = [
  rank(0, 4, 4),
  attributeIs("ceil_mode", 0, 0),
  {
    text: "padding counts",
    objection(node) {
      const isPadded =
        node.string("auto_pad", "NOTSET").startsWith("SAME") || node.ints("pads", []).some((each) => each !== 0);
      return isPadded && node.int("count_include_pad", 0) === 0
        ? "its padding does not count, and the kernel divides by the whole window"
        : null;
    },
  },
];

/** What QNNPACK has a kernel for, and what only moves codes. */
function isKept({ op, weights, result }: Capability): boolean {
  return result.kind === "shared" || (computing.has(op) && (op !== "MatMul" || weights !== undefined));
}

/** uint8 weights, one scale per tensor; products end in codes, and Sigmoid in its one scale. */
function qnnpackRow(row: Capability): Capability {
  if (row.op === "Sigmoid") return { ...row, result: fixedResult("Sigmoid", "uint8") };
  if (row.op === "AveragePool") return { ...row, constraints: [...(row.constraints ?? []), ...wholeWindows] };
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
  ops: onnxRuntimeKernels("uint8").filter(isKept).map(qnnpackRow),
};
