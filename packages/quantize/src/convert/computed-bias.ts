import {
  codeOfDType,
  elementCount,
  GraphEditor,
  isStatic,
  lowbitDomain,
  sortNodes,
  Tensor,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { largestBias } from "./bias-overflow.ts";
import { productOf } from "./product.ts";

/**
 * Lets the graph compute what `convert` does to the biases of products once their data is final: weight scales are widened
 * where a bias would not fit into int32, and biases are read as int32 codes under the scale of the product. In the same
 * float32 roundings: the codes are those that will be stored.
 */
export function computeBiasCodes(graph: Graph): void {
  const editor = new GraphEditor(graph);
  const widened = new Set<Node>();
  for (const node of graph.nodes) {
    const product = productOf(node);
    if (!product?.bias) continue;
    const [data, weight] = [product.data, product.weight].map((use) => fakeQuantizeOf(node.inputs[use.index]!));
    const bias = node.inputs[product.bias.index]!;
    const dataScale = data?.inputs[1];
    const scales = weight && elementCount(weight.inputs[1]!.shape);
    if (!dataScale || elementCount(dataScale.shape) !== 1 || !weight || bias.dtype !== "float") continue;
    if (!isStatic(bias.shape) || bias.shape.length !== 1) continue;
    const [channels] = bias.shape as readonly [number];
    if (scales !== 1 && scales !== channels) continue;
    if (!widened.has(weight)) {
      editor.rewriting("compute-bias-codes", [node], weight, () => widenScale(editor, weight, bias, dataScale, scales));
      widened.add(weight);
    }
    const dequantized = editor.rewriting("compute-bias-codes", [node], node, () =>
      biasOnCodes(editor, bias, dataScale, weight.inputs[1]!, scales === 1 ? null : channels),
    );
    editor.replaceUse(product.bias, dequantized);
  }
  // A bias may be computed behind the quantization of the weights that now depends on it.
  sortNodes(graph);
}

function fakeQuantizeOf(value: Value): Node | null {
  return value.producer?.is("FakeQuantize", lowbitDomain) ? value.producer : null;
}

/** sw := max(sw, f32(|b| / sx) / 2^30) */
function widenScale(editor: GraphEditor, weight: Node, bias: Value, dataScale: Value, scales: number): void {
  const { op } = editor;
  const scale = weight.inputs[1]!;
  const perLargest = editor.initializer(Tensor.scalar("float", 1 / largestBias), "per_largest_bias");
  const each = op.Mul([op.Div([op.Abs([bias]), dataScale]), perLargest]);
  const least = scales === 1 ? op.ReduceMax([each], { keepdims: Math.min(1, scale.shape!.length) }) : each;
  editor.setInputs(weight, [weight.input, op.Max([scale, least]), weight.inputs[2]!]);
}

/** DequantizeLinear of rne(f32(b / f32(sx·sw))) */
function biasOnCodes(
  editor: GraphEditor,
  bias: Value,
  dataScale: Value,
  weightScale: Value,
  channels: number | null,
): Value {
  const { op, graph } = editor;
  const scale = op.Mul([dataScale, weightScale]);
  const codes = op.Cast([op.Round([op.Div([bias, scale])])], { to: codeOfDType("int32") });
  const zeros = Tensor.of("int32", new Int32Array(channels ?? 1), channels === null ? [] : [channels]);
  const zeroPoint = editor.initializer(zeros, "z");
  const attributes = channels === null ? {} : { axis: 0 };
  return op.DequantizeLinear([codes, scale, zeroPoint], attributes, {
    outputs: [graph.names.fresh(`${bias.name}_dq`)],
  });
}
