import { GraphEditor, type Graph, type Value } from "@lowbit/ir";

/**
 * Leaves out zero points of 0 for weights and biases of convolutions: a DequantizeLinear without one takes 0. ONNX Runtime
 * forms no integer kernel of Gemm and MatMul without them. Returns how many.
 */
export function leaveOutZeroPoints(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let left = 0;
  for (const node of graph.nodes) {
    const [codes, scale, zeroPoint] = node.inputs;
    if (!node.is("DequantizeLinear") || !codes?.constant || !isZero(zeroPoint ?? null)) continue;
    if (!node.output.users.every((user) => user.is("Conv"))) continue;
    editor.setInputs(node, [codes, scale!]);
    if (zeroPoint!.uses.size === 0 && !zeroPoint!.isGraphOutput) editor.removeInitializer(zeroPoint!);
    left++;
  }
  return left;
}

function isZero(value: Value | null): boolean {
  return value?.constant?.numbers().every((each) => each === 0) ?? false;
}
