import {
  cloneGraph,
  GraphEditor,
  hasTrait,
  integerRange,
  invariant,
  lowbitDomain,
  newModel,
  Tensor,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { eliminateDeadCode, foldConstants, runPasses, type Pass } from "@lowbit/rewrite";
import { cannotQuantize } from "../diagnostics.ts";
import { integerOperators } from "../lower/integer-operators/integer-operators.ts";
import { freezeQuantizers } from "../prepare/freeze-quantizers.ts";
import { usesWholeRange } from "./code-range.ts";
import { computeBiasCodes } from "./computed-bias.ts";
import { dequantizeForReaders, quantizeActivation, type CodeParameters } from "./on-codes.ts";
import { requireRanges } from "./settled-graph.ts";

/** How a graph whose weights still change is written in integers. */
export interface IntegerFormOptions {
  /** The passes by which the backend lowers a converted model. */
  readonly lower: readonly Pass[];
  /** Whether a product runs on integers; the others run in float on the values of the codes. Default: all do. */
  readonly onIntegers?: (product: Node) => boolean;
}

/** An activation that the integer form has as codes. */
export interface QuantizedValue {
  /** The FakeQuantize of the graph. */
  readonly node: Node;
  readonly scale: Tensor;
  readonly zeroPoint: Tensor;
  /** The values of the graph that the integer operator of these codes swallowed: the form computes none of them. */
  readonly within: readonly Value[];
}

/** A graph in integers, and how it corresponds to the one it was made of. */
export interface IntegerForm {
  /** Returns what the graph returned, then the codes of each of `values`. */
  readonly graph: Graph;
  readonly values: readonly QuantizedValue[];
  /** The state that the form reads, by its names in the graph: inputs of the form behind those that the graph has. */
  readonly state: readonly string[];
}

/**
 * The operators that a prepared graph will be deployed as, while its weights still change: activations in the integer
 * operators of the backend, weights and biases quantized by the graph itself, in the very roundings of `convert`. The
 * ranges of activations must no longer move, and normalizations be in their frozen form. The graph stays as it is.
 *
 * Weights of less than 8 bits stay fake-quantized: no operator of ONNX Runtime multiplies them as integers.
 *
 * @throws CompileError `quantize/never-observed`, `quantize/unsupported`
 */
export function integerForm(graph: Graph, { lower, onIntegers = () => true }: IntegerFormOptions): IntegerForm {
  requireRanges(graph);
  const clone = cloneGraph(graph);
  const form = clone.graph;
  const editor = new GraphEditor(form);
  freezeQuantizers(form);
  runPasses(newModel(form), [foldConstants]);
  computeBiasCodes(form);
  const activations = dependents(form);
  const quantized = [...graph.nodes].flatMap((node) => {
    if (!node.is("FakeQuantize", lowbitDomain)) return [];
    const twin = clone.values.get(node.output)!.producer;
    invariant(twin, `${node.label} has no twin in the integer form`);
    if (activations.has(twin.input)) return [{ node, ...activationToCodes(editor, twin) }];
    const staysInteger = (product: Node): boolean => onIntegers(product) && !joinsFloatRelu(product);
    if (is8Bit(twin) && productsOf(twin).every(staysInteger)) weightToCodes(editor, twin);
    return [];
  });
  const results = form.outputs.length;
  editor.setOutputs([...form.outputs, ...quantized.map(({ codes }) => codes)]);
  runPasses(newModel(form), [...lower, integerOperators, eliminateDeadCode]);
  invariant(form.outputs.length === results + quantized.length, "the integer form lost outputs");
  const isComputed = (value: Value): boolean => {
    const twin = clone.values.get(value)!;
    return form.value(twin.name) === twin;
  };
  const values = quantized.map(({ node, scale, zeroPoint }): QuantizedValue => ({
    node,
    scale,
    zeroPoint,
    within: swallowed(node, isComputed),
  }));
  return { graph: form, values, state: stateToInputs(form) };
}

/** All values that depend on the inputs of a graph. */
function dependents(graph: Graph): ReadonlySet<Value> {
  const found = new Set<Value>(graph.inputs);
  for (const node of graph.nodes) {
    if (!node.inputs.some((value) => value && found.has(value))) continue;
    for (const value of node.outputs) if (value) found.add(value);
  }
  return found;
}

function is8Bit(node: Node): boolean {
  return ["int8", "uint8"].includes(node.inputs[2]!.dtype!);
}

/** The products that read a weight, be it in another layout. */
function productsOf(weight: Node): readonly Node[] {
  const products: Node[] = [];
  const pending = [...weight.output.users];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (hasTrait(node, "linear")) products.push(node);
    else if (hasTrait(node, "keepsScale")) pending.push(...node.output.users);
  }
  return products;
}

/**
 * Whether ONNX Runtime 1.30 makes one float op of a Gemm and the Relu behind it, although it is given codes: it does where
 * the Relu is neither quantized nor an output of the graph, and for no other activation.
 */
function joinsFloatRelu(product: Node): boolean {
  const [relu, ...others] = product.output.users;
  if (!product.is("Gemm") || !relu?.is("Relu") || others.length > 0 || relu.output.isGraphOutput) return false;
  return !relu.output.users.every((user) => user.is("FakeQuantize", lowbitDomain) || user.is("QuantizeLinear"));
}

function activationToCodes(
  editor: GraphEditor,
  node: Node,
): { readonly codes: Value; readonly scale: Tensor; readonly zeroPoint: Tensor } {
  const [, scale, zeroPoint] = node.inputs.map((value) => value?.constant);
  if (!scale || !zeroPoint) throw cannotQuantize(node, "its scale still changes");
  if (scale.size !== 1) throw cannotQuantize(node, "an activation with a scale per channel has no integer operators");
  const parameters: CodeParameters = {
    scale: editor.initializer(scale.reshape([]), "s"),
    zeroPoint: editor.initializer(zeroPoint.reshape([]), "z"),
    attributes: {},
  };
  const codes = editor.rewriting("integer-form", [node], node, () => quantizeActivation(editor, node, parameters));
  dequantizeForReaders(editor, node, codes, parameters);
  editor.erase(node);
  return { codes, scale: parameters.scale.constant!, zeroPoint: parameters.zeroPoint.constant! };
}

function weightToCodes(editor: GraphEditor, node: Node): void {
  const [weight, scale, zeroPoint] = node.inputs as [Value, Value, Value];
  const attributes = node.attributes.has("axis") ? { axis: node.int("axis", 0) } : {};
  const codes = editor.rewriting("integer-form", [node], node, () => {
    const rounded = editor.op.QuantizeLinear([weight, scale, zeroPoint], attributes);
    const isCovered = node.int("covers_range", 0) === 1 || usesWholeRange(node, zeroPoint.dtype!);
    return isCovered ? rounded : clippedCodes(editor, node, rounded);
  });
  dequantizeForReaders(editor, node, codes, { scale, zeroPoint, attributes });
  editor.erase(node);
}

function clippedCodes(editor: GraphEditor, node: Node, codes: Value): Value {
  const [least, most] = integerRange(codes.dtype!);
  const bound = (name: string, otherwise: number): Value =>
    editor.initializer(Tensor.scalar(codes.dtype!, node.int(name, otherwise)), name);
  return editor.op.Clip([codes, bound("qmin", least), bound("qmax", most)]);
}

/** What lies between a FakeQuantize and its sources that are quantized or still computed. */
function swallowed(node: Node, isComputed: (value: Value) => boolean): readonly Value[] {
  const found = new Set<Value>();
  const pending = [node.input];
  for (let value = pending.pop(); value; value = pending.pop()) {
    const { producer } = value;
    if (!producer || producer.is("FakeQuantize", lowbitDomain) || found.has(value) || isComputed(value)) continue;
    found.add(value);
    pending.push(...producer.inputs.filter((operand) => operand !== null));
  }
  return [...found];
}

/** Makes what still changes inputs of a graph, so that it can be read from somewhere else. */
function stateToInputs(graph: Graph): readonly string[] {
  const editor = new GraphEditor(graph);
  const state = [...graph.initializers].filter((value) => value.role !== "constant");
  for (const value of state) editor.initializerToInput(value);
  return state.map((value) => value.name);
}
