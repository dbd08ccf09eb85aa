import { Tensor, type GraphEditor, type Node, type Value } from "@lowbit/ir";
import { cannotQuantize } from "../diagnostics.ts";
import { usesWholeRange } from "./code-range.ts";

/** What a QuantizeLinear or DequantizeLinear needs besides what it works on. */
export interface CodeParameters {
  readonly scale: Value;
  readonly zeroPoint: Value;
  readonly attributes: { readonly axis?: number; readonly block_size?: number };
}

/** The QuantizeLinear that a FakeQuantize of an activation becomes. */
export function quantizeActivation(
  editor: GraphEditor,
  node: Node,
  { scale, zeroPoint, attributes }: CodeParameters,
): Value {
  const { op, graph } = editor;
  const source = usesWholeRange(node, zeroPoint.dtype!) ? node.input : clipped(editor, node);
  return op.QuantizeLinear([source, scale, zeroPoint], attributes, {
    outputs: [graph.names.fresh(`${node.input.name}_q`)],
  });
}

/** QuantizeLinear saturates at the ends of the dtype only; a smaller range of codes is cut out before it. */
function clipped(editor: GraphEditor, node: Node): Value {
  const [scale, zeroPoint] = [node.inputs[1]!.constant!, node.inputs[2]!.constant!];
  if (scale.size !== 1)
    throw cannotQuantize(node, "a part of a dtype's range is supported for one scale per tensor only");
  const bound = (name: string): Value => {
    const value = (node.int(name, 0) - zeroPoint.item()) * scale.item();
    return editor.initializer(Tensor.scalar("float", value), name);
  };
  return editor.op.Clip([node.input, bound("qmin"), bound("qmax")]);
}

/** Lets each reader of a FakeQuantize read a DequantizeLinear of its own. */
export function dequantizeForReaders(editor: GraphEditor, node: Node, codes: Value, parameters: CodeParameters): void {
  const { op, graph } = editor;
  const { scale, zeroPoint, attributes } = parameters;
  const value = node.output;
  const dequantize = (): Value =>
    op.DequantizeLinear([codes, scale, zeroPoint], attributes, {
      outputs: [graph.names.fresh(`${node.input.name}_dq`)],
    });
  for (const use of [...value.uses]) {
    editor.replaceUse(use, editor.rewriting("convert", [node], use.node, dequantize));
  }
  if (value.isGraphOutput) editor.replaceAllUses(value, dequantize());
}
