import { codeOfDType, GraphEditor, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import type { ConstantPool } from "./constant-pool.ts";
import { transposed } from "./transposed.ts";

/**
 * Products of codes whose scale is found while the model runs, as MatMulInteger: y = (a·b)·(s_a·s_b) + bias, in the order of
 * operations that ONNX Runtime fuses into one DynamicQuantizeMatMul. A DequantizeLinear before the product would make it
 * compute in float.
 */
export function dynamicProducts(graph: Graph, pool: ConstantPool): void {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    if (!node.is("MatMul") && !node.is("Gemm")) continue;
    const [data, weight] = [node.input.producer, node.inputs[1]?.producer ?? null];
    if (!isDynamic(data) || !weight?.is("DequantizeLinear") || !weight.inputs[0]?.constant) continue;
    if (weight.int("block_size", 0) > 0) continue;
    const product = editor.rewriting("convert", [node], node, () => integerProduct(editor, pool, node, data, weight));
    editor.replaceAllUses(node.output, product);
    editor.erase(node);
  }
}

function isDynamic(dequantize: Node | null): dequantize is Node {
  return (dequantize?.is("DequantizeLinear") && dequantize.input.producer?.is("DynamicQuantizeLinear")) ?? false;
}

function integerProduct(editor: GraphEditor, pool: ConstantPool, node: Node, data: Node, weight: Node): Value {
  const { op } = editor;
  const [a, aScale, aZeroPoint] = data.inputs as readonly [Value, Value, Value];
  const [codes, bScale, bZeroPoint] = weight.inputs as readonly [Value, Value, Value];
  const isTransposed = node.is("Gemm") && node.int("transB", 0) !== 0;
  const b = isTransposed ? editor.initializer(transposed(codes.constant!), codes.name) : codes;
  // One zero point of 0 says the same as one per column, and every kernel takes it.
  const isZero = bZeroPoint.constant!.numbers().every((code) => code === 0);
  const zero = isZero ? pool.get(Tensor.scalar(bZeroPoint.constant!.dtype, 0), "z") : bZeroPoint;
  const sum = op.Cast([op.MatMulInteger([a, b, aZeroPoint, zero], {}, { name: node.name })], {
    to: codeOfDType("float"),
  });
  const product = op.Mul([sum, op.Mul([aScale, bScale])]);
  const bias = node.is("Gemm") ? (node.inputs[2] ?? null) : null;
  return bias ? op.Add([product, bias]) : product;
}
