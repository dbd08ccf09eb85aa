import { GraphEditor, Tensor, type Graph, type Node, type Use, type Value } from "@lowbit/ir";
import { roundHalfEven } from "../round-half-even.ts";
import type { ConstantPool } from "./constant-pool.ts";
import { productOf } from "./product.ts";

/**
 * Stores the bias of every product of dequantized data and weights in int32, `rne(f32(b / f32(sx·sw)))` under the scale of the
 * product, with a DequantizeLinear of its own. Other biases stay as they are.
 */
export function quantizeBiases(graph: Graph, pool: ConstantPool): void {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const product = productOf(node);
    if (!product?.bias) continue;
    const bias = node.inputs[product.bias.index]!;
    const [data, weight] = [scaleOf(product.data), scaleOf(product.weight)];
    if (!bias.constant || bias.dtype !== "float" || data?.length !== 1 || !weight) continue;
    const floats = bias.constant.floats();
    if (weight.length !== 1 && weight.length !== floats.length) continue;
    const scales = weight.map((scale) => Math.fround(data[0]! * scale));
    const codes = Array.from(floats, (value, i) =>
      roundHalfEven(Math.fround(value / scales[scales.length === 1 ? 0 : i]!)),
    );
    const dims = scales.length === 1 ? [] : [scales.length];
    const result = editor.rewriting("convert", [node], node, () =>
      dequantizedBias(editor, pool, bias, {
        codes: Tensor.of("int32", codes),
        scale: Tensor.of("float", scales, dims),
        zeroPoint: Tensor.of("int32", new Int32Array(scales.length), dims),
      }),
    );
    editor.replaceUse(product.bias, result);
    if (bias.uses.size === 0 && !bias.isGraphOutput) editor.removeInitializer(bias);
  }
}

function dequantizedBias(
  editor: GraphEditor,
  pool: ConstantPool,
  bias: Value,
  { codes, scale, zeroPoint }: { readonly codes: Tensor; readonly scale: Tensor; readonly zeroPoint: Tensor },
): Value {
  // A bias that a static graph has rounded is called after the one it was made of.
  const name = bias.name.replace(/_fq$/, "");
  const stored = editor.initializer(codes, `${name}_q`);
  const operands = [stored, pool.get(scale, "s"), pool.get(zeroPoint, "z")] as const;
  const attributes = scale.dims.length === 0 ? {} : { axis: 0 };
  return editor.op.DequantizeLinear(operands, attributes, {
    outputs: [editor.graph.names.fresh(`${name}_dq`)],
  });
}

/** The scales of a dequantized operand with constant parameters. */
function scaleOf(use: Use): Float32Array | null {
  const producer: Node | null = use.node.inputs[use.index]?.producer ?? null;
  return producer?.is("DequantizeLinear") ? (producer.inputs[1]?.constant?.floats() ?? null) : null;
}
