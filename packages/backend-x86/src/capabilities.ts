import { onnxRuntimeKernels, type CapabilityTable } from "@lowbit/backend-kit";
import { observed } from "@lowbit/quantize";

/**
 * uint8 affine activations, int8 symmetric weights per output channel. Without VNNI, sums of two neighbouring products
 * saturate at 16 bits; weights of 7 bits cannot reach that (2·255·64 = 32640).
 */
export function x86Capabilities(vnni: boolean): CapabilityTable {
  const reach = vnni ? 127 : 64;
  return {
    activation: observed("uint8"),
    weight: { ...observed("int8", { range: [-reach, reach], symmetric: true }), granularity: "channel" },
    ops: onnxRuntimeKernels("uint8"),
  };
}
