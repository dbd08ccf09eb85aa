import { onnxRuntimeKernels, type CapabilityTable } from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/** Smallest scale of XNNPACK's kernels: it keeps their multipliers below 256. */
const leastScale = 2 ** -12;

/** int8 affine activations, int8 symmetric weights per output channel, scales of at least 2^-12. */
export const armCapabilities: CapabilityTable = {
  activation: observed("int8", { eps: leastScale }),
  weight: {
    ...observed("int8", { range: [-127, 127], symmetric: true, eps: leastScale }),
    granularity: "channel",
  },
  ops: onnxRuntimeKernels("int8"),
};
