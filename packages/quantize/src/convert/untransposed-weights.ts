import { GraphEditor, type Graph, type Node } from "@lowbit/ir";
import type { ConstantPool } from "./constant-pool.ts";
import { transposed } from "./transposed.ts";

/**
 * Stores the codes of a Gemm's weight as [inputs, outputs], where only the weight is codes: ONNX Runtime forms its kernel
 * for packed weights, MatMulNBits, for no other layout.
 */
export function untransposeWeights(graph: Graph, pool: ConstantPool): void {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const dequantize = node.is("Gemm") && node.int("transB", 0) ? weightOf(node) : null;
    if (!dequantize || node.input.producer?.is("DequantizeLinear")) continue;
    const [codes, scale, zeroPoint] = dequantize.inputs.map((value) => value!);
    const axis = dequantize.int("axis", 1);
    editor.setInitializer(codes!, transposed(codes!.constant!));
    const operands = [
      codes!,
      pool.get(transposed(scale!.constant!), "s"),
      pool.get(transposed(zeroPoint!.constant!), "z"),
    ] as const;
    const attributes = scale!.shape?.length === 0 ? {} : { axis: 1 - axis };
    const size = dequantize.int("block_size", 0);
    editor.rewriting("convert", [dequantize], dequantize, () => {
      const turned = editor.op.DequantizeLinear(operands, {
        ...attributes,
        ...(size > 0 ? { block_size: size } : {}),
      });
      editor.replaceAllUses(dequantize.output, turned);
    });
    editor.erase(dequantize);
    editor.setAttribute(node, "transB", null);
  }
}

/** The DequantizeLinear of a weight that is stored for one reader alone. */
function weightOf(node: Node): Node | null {
  const dequantize = node.inputs[1]?.producer ?? null;
  if (!dequantize?.is("DequantizeLinear") || dequantize.output.uses.size > 1) return null;
  const [codes, ...parameters] = dequantize.inputs;
  const isOwn = codes?.constant && codes.uses.size === 1 && !codes.isGraphOutput && codes.shape?.length === 2;
  return isOwn && parameters.length === 2 && parameters.every((value) => value?.constant) ? dequantize : null;
}
