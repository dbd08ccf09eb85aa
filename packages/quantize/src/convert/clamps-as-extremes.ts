import { GraphEditor, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import type { ConstantPool } from "./constant-pool.ts";

/**
 * Writes a Relu or Clip behind a product of floats with codes as Max and Min: ONNX Runtime 1.30 takes a clamp for a part of
 * an integer kernel that is missing its QuantizeLinear, and then does not form MatMulNBits.
 */
export function clampsAsExtremes(graph: Graph, pool: ConstantPool): void {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const clamp = isFloatProductOfCodes(node) ? clampBehind(node.output) : null;
    if (!clamp) continue;
    const [least, most] = clamp.is("Relu")
      ? [pool.get(Tensor.scalar("float", 0), "zero"), null]
      : [clamp.inputs[1] ?? null, clamp.inputs[2] ?? null];
    const { op } = editor;
    const clamped = editor.rewriting("convert", [clamp], clamp, () => {
      const raised = least ? op.Max([clamp.input, least]) : clamp.input;
      return most ? op.Min([raised, most]) : raised;
    });
    editor.replaceAllUses(clamp.output, clamped);
    editor.erase(clamp);
  }
}

function isFloatProductOfCodes(node: Node): boolean {
  const comesFromCodes = (index: number): boolean => node.inputs[index]?.producer?.is("DequantizeLinear") ?? false;
  return (node.is("MatMul") || node.is("Gemm")) && comesFromCodes(1) && !comesFromCodes(0);
}

function clampBehind(value: Value): Node | null {
  const [reader] = value.users;
  if (value.users.length !== 1 || value.isGraphOutput) return null;
  return reader!.is("Relu") || reader!.is("Clip") ? reader! : null;
}
