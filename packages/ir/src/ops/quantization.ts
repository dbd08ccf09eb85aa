import type { Node } from "../graph/node.ts";
import { defineOp, int } from "./define-op.ts";
import { inferDequantizeLinear, inferDynamicQuantizeLinear, inferQuantizeLinear } from "./infer-quantization.ts";
import { bitsPerElement, isFloat, type DType } from "../types.ts";

const parameter = { role: "parameter" } as const;

/** Codes as integers and back. */
export const quantizationOps = {
  QuantizeLinear: defineOp("QuantizeLinear", {
    since: (node) =>
      sinceOfCodes(node, node.outputs[0]?.dtype ?? node.inputs[2]?.dtype ?? "uint8", node.inputs[0]?.dtype),
    inputs: ["x", "y_scale", "y_zero_point?"],
    outputs: ["y"],
    attributes: { axis: int(1), block_size: int(0), output_dtype: int(0), saturate: int(1) },
    traits: ["elementwise"],
    roles: { y_scale: parameter, y_zero_point: parameter },
    infer: inferQuantizeLinear,
  }),
  DequantizeLinear: defineOp("DequantizeLinear", {
    since: (node) => sinceOfCodes(node, node.inputs[0]?.dtype ?? "uint8", node.inputs[1]?.dtype),
    inputs: ["x", "x_scale", "x_zero_point?"],
    outputs: ["y"],
    attributes: { axis: int(1), block_size: int(0) },
    traits: ["elementwise"],
    roles: { x_scale: parameter, x_zero_point: parameter },
    infer: inferDequantizeLinear,
  }),
  DynamicQuantizeLinear: defineOp("DynamicQuantizeLinear", {
    since: 11,
    inputs: ["x"],
    outputs: ["y", "y_scale", "y_zero_point"],
    infer: inferDynamicQuantizeLinear,
  }),
};

/** Blocks, 4-bit and 16-bit codes came with opset 21, float8 and float16 with 19, scales per axis with 13. */
function sinceOfCodes(node: Node, code: DType, real: DType | null | undefined): number {
  if (code === "float4e2m1") return 23;
  if (code === "int2" || code === "uint2") return 25;
  if (node.int("block_size", 0) !== 0 || node.attributes.has("output_dtype")) return 21;
  if (bitsPerElement(code) === 4 || bitsPerElement(code) === 16) return 21;
  if (isFloat(code) || node.attributes.has("saturate") || (real && real !== "float" && real !== "int32")) return 19;
  const scale = node.inputs[1]?.shape;
  const isPerTensor = scale?.length === 0 && !node.attributes.has("axis");
  return isPerTensor ? 10 : 13;
}
