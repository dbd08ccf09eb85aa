import { GraphEditor, invariant, lowbitDomain, newModel, Tensor, type Graph, type Node, type Value } from "@lowbit/ir";
import { evaluateNode } from "@lowbit/reference";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { cannotQuantize } from "../diagnostics.ts";
import { usesWholeRange } from "./code-range.ts";
import { ConstantPool } from "./constant-pool.ts";
import { clampsAsExtremes } from "./clamps-as-extremes.ts";
import { dynamicProducts } from "./dynamic-products.ts";
import { quantizeBiases } from "./integer-bias.ts";
import { dequantizeForReaders, quantizeActivation, type CodeParameters } from "./on-codes.ts";
import { untransposeWeights } from "./untransposed-weights.ts";
import { settledGraph } from "./settled-graph.ts";

/**
 * A prepared graph as standard ONNX: QuantizeLinear behind each quantized value, a DequantizeLinear before each reader,
 * weights as integers, biases of integer products in int32, folded normalizations. Inputs and outputs of the graph stay
 * float. Parameters come from the ranges and weights that the graph holds, so trained graphs need no calibration.
 *
 * @throws CompileError `quantize/never-observed` for a range that was never filled, `quantize/unsupported`
 */
export function convert(prepared: Graph): Graph {
  const graph = settledGraph(prepared);
  const editor = new GraphEditor(graph);
  const pool = new ConstantPool(editor);
  for (const node of graph.nodes) {
    if (!node.is("FakeQuantize", lowbitDomain)) continue;
    if (isDynamic(node)) {
      editor.rewriting("convert", [node], node, () => {
        const [codes, scale, zeroPoint] = quantizeDynamically(editor, node);
        dequantizeForReaders(editor, node, codes, { scale, zeroPoint, attributes: {} });
      });
      editor.erase(node);
      continue;
    }
    const parameters = parametersOf(node, pool);
    editor.rewriting("convert", [node], node, () => {
      const data = node.input.constant;
      const codes = data ? storedCodes(editor, node, data) : quantizeActivation(editor, node, parameters);
      dequantizeForReaders(editor, node, codes, parameters);
    });
    editor.erase(node);
  }
  quantizeBiases(graph, pool);
  dynamicProducts(graph, pool);
  untransposeWeights(graph, pool);
  clampsAsExtremes(graph, pool);
  runPasses(newModel(graph), [eliminateDeadCode]);
  return graph;
}

/** Whether the scale of a FakeQuantize is that of the very value it quantizes, which only a run can tell. */
function isDynamic(node: Node): boolean {
  const parameters = node.inputs[1]?.producer;
  const range = parameters?.is("QuantizationParameters", lowbitDomain) ? parameters.input.producer : null;
  return !node.input.constant && (range?.is("ObserveRange", lowbitDomain) ?? false) && range!.input === node.input;
}

function quantizeDynamically(editor: GraphEditor, node: Node): readonly [Value, Value, Value] {
  const { op, graph } = editor;
  const outputs = ["q", "scale", "zero_point"].map((what) => graph.names.fresh(`${node.input.name}_${what}`));
  const [codes, scale, zeroPoint] = op.DynamicQuantizeLinear([node.input], {}, { outputs });
  return [codes!, scale!, zeroPoint!];
}

function parametersOf(node: Node, pool: ConstantPool): CodeParameters {
  const [, scale, zeroPoint] = node.inputs;
  if (!scale?.constant || !zeroPoint?.constant) throw cannotQuantize(node, "its scale depends on the model's inputs");
  const isPerTensor = scale.constant.size === 1 && !node.int("block_size", 0);
  const shaped = (tensor: Tensor): Tensor => (isPerTensor ? tensor.reshape([]) : tensor);
  const axis = node.int("axis", 1);
  const blockSize = node.int("block_size", 0);
  return {
    scale: pool.get(shaped(scale.constant), "s"),
    zeroPoint: pool.get(shaped(zeroPoint.constant), "z"),
    attributes: isPerTensor ? {} : blockSize > 0 ? { axis, block_size: blockSize } : { axis },
  };
}

/** The codes of data, under the data's own name where nobody else reads it. */
function storedCodes(editor: GraphEditor, node: Node, data: Tensor): Value {
  const codes = codesOf(editor, node, data);
  const value = node.input;
  if (value.uses.size > 1 || value.isGraphOutput) return editor.initializer(codes, `${value.name}_q`);
  editor.setInitializer(value, codes);
  return value;
}

function codesOf(editor: GraphEditor, node: Node, data: Tensor): Tensor {
  const [, scale, zeroPoint] = node.inputs;
  const attributes = { axis: node.int("axis", 1), block_size: node.int("block_size", 0) };
  const quantizer = editor.op.QuantizeLinear([node.input, scale!, zeroPoint!], attributes).producer!;
  const [codes] = evaluateNode(quantizer, [data, scale!.constant, zeroPoint!.constant]);
  editor.erase(quantizer);
  invariant(codes, "QuantizeLinear gives codes");
  const [qmin, qmax] = [node.int("qmin", 0), node.int("qmax", 0)];
  if (usesWholeRange(node, codes.dtype)) return codes;
  const inside = codes.numbers().map((code) => Math.min(Math.max(code, qmin), qmax));
  return Tensor.of(codes.dtype, inside, codes.dims);
}
