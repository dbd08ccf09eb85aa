import { onnxRuntimeKernels, type CapabilityTable } from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/** uint8 affine activations, int8 symmetric weights per output channel in -reach..reach. */
export function x86Capabilities(reach = 127): CapabilityTable {
  return {
    activation: observed("uint8"),
    weight: { ...observed("int8", { range: [-reach, reach], symmetric: true }), granularity: "channel" },
    ops: onnxRuntimeKernels("uint8"),
  };
}
