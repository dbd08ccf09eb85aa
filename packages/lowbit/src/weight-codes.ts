import type { Graph, Tensor } from "@lowbit/ir";
import { convert } from "@lowbit/quantize";

/** The integers that the weights of a prepared graph become, by the names of the weights; biases are left out. */
export function weightCodes(prepared: Graph): ReadonlyMap<string, Tensor> {
  const codes = new Map<string, Tensor>();
  for (const node of convert(prepared).nodes) {
    const value = node.is("DequantizeLinear") ? node.inputs[0] : null;
    if (value?.initializer && value.dtype !== "int32") codes.set(value.name.replace(/_q$/, ""), value.initializer);
  }
  return codes;
}
