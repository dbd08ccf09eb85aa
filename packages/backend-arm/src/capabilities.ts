import { onnxRuntimeKernels, type Capability, type CapabilityTable, type Constraint } from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/** Smallest scale of XNNPACK's kernels: it keeps their multipliers below 256. */
const leastScale = 2 ** -12;

/**
 * Plain NEON adds the products of two neighbours along the reduction in 16 bits, which 2·(-128)² exceeds. Weights hold no
 * -128; activations do.
 */
const dotProducts: Constraint = {
  text: "with dotprod or i8mm only",
  objection: () =>
    "plain NEON adds products of two int8 activations in 16 bits, which overflow; arm:dotprod has a kernel",
};

function withoutDotProducts(row: Capability): Capability {
  const isOfActivations = row.op === "MatMul" && row.weights === undefined;
  return isOfActivations ? { ...row, constraints: [...(row.constraints ?? []), dotProducts] } : row;
}

/** int8 affine activations, int8 symmetric weights per output channel, scales of at least 2^-12. */
export function armCapabilities(hasDotProducts: boolean): CapabilityTable {
  const ops = onnxRuntimeKernels("int8");
  return {
    activation: observed("int8", { eps: leastScale }),
    weight: {
      ...observed("int8", { range: [-127, 127], symmetric: true, eps: leastScale }),
      granularity: "channel",
    },
    ops: hasDotProducts ? ops : ops.map(withoutDotProducts),
  };
}
