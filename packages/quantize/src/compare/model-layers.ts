import { isFloat, type Graph, type Node, type Tensor, type Value } from "@lowbit/ir";
import type { CodeGrid } from "../analyze/code-statistics.ts";
import { gridOfCodes } from "./codes.ts";
import { computesInFloat } from "./computes-in-float.ts";
import { makesColumnsChannels } from "./columns-as-channels.ts";
import { layerWeight, weightData, type LayerWeight } from "./layer-weight.ts";
import { ModelData } from "./model-data.ts";
import { pixelsInRow } from "./pixels-as-channels.ts";
import { multipliesScales, scaledProduct } from "./scaled-product.ts";
import { padsToBlocks } from "./strides-as-channels.ts";
import { padsForKernels } from "./zero-channels.ts";

/** A layer of a model, float or on codes: an op, and what stands behind it as far as one kernel can run it. */
export interface ModelLayer {
  readonly name: string;
  readonly op: string;
  /** The same word for all forms of an op: `Conv` for QLinearConv too. */
  readonly kind: string;
  /** Names under which its results are known, from the op's own to the last. */
  readonly names: ReadonlySet<string>;
  /** What it passes on: a float value, codes, or an input of the graph. */
  readonly result: Value;
  /** How to read the result; null for floats. */
  readonly grid: CodeGrid | null;
  readonly weight: LayerWeight | null;
  /** Whether it computes in float and gives floats. */
  readonly inFloat: boolean;
  /** What it reads that depends on the inputs, through ops that only move elements. */
  readonly reads: readonly Source[];
}

/** Where a value comes from: a layer, or an input of the graph. */
export type Source = ModelLayer | Value;

/** Ops that pass elements on, as they are or in another form. */
const passing: ReadonlySet<string> = new Set([
  "QuantizeLinear",
  "DequantizeLinear",
  "DynamicQuantizeLinear",
  "Identity",
  "Dropout",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
]);

const kinds: Readonly<Record<string, string>> = {
  ConvInteger: "Conv",
  Gemm: "MatMul",
  QGemm: "MatMul",
  MatMulInteger: "MatMul",
  MatMulIntegerToFloat: "MatMul",
  DynamicQuantizeMatMul: "MatMul",
  MatMulNBits: "MatMul",
  GlobalAveragePool: "AveragePool",
  ReduceMean: "AveragePool",
  QLinearGlobalAveragePool: "AveragePool",
  QLinearReduceMean: "AveragePool",
};

/** The layers of a graph in its order, the quantized inputs first. Ops on shapes and indices are none. */
export function layersOf(graph: Graph): readonly ModelLayer[] {
  const data = new ModelData();
  const layers: ModelLayer[] = [];
  const sources = new Map<Value, Source>();
  const absorbed = new Set<Node>();
  const weightOf = (convolution: Node): Tensor | null => weightData(convolution, data);
  const add = (name: string, op: string, first: Value, node: Node | null, reads: readonly Source[]): void => {
    const scaled = node && scaledProduct(node);
    const behind = chainBehind(scaled?.result ?? first, node, data);
    const chain = scaled ? { ...behind, nodes: [...scaled.nodes, ...behind.nodes] } : behind;
    const grid = chain.result.dtype !== null && isFloat(chain.result.dtype) ? null : gridOfCodes(chain.result, data);
    const isInput = node === null;
    const isReadable = grid !== null || chain.result.dtype === null || isFloat(chain.result.dtype);
    if (!isReadable && !isInput) return;
    const weight = node && layerWeight(node, chain.nodes, data);
    const names = new Set(chain.values.map(floatName));
    const inFloat = grid === null && (node === null || computesInFloat(node, weight));
    const layer = { name, op, kind: kindOf(op), names, result: chain.result, grid, weight, inFloat, reads };
    layers.push(layer);
    for (const value of chain.values) sources.set(value, layer);
    for (const each of chain.nodes) absorbed.add(each);
  };
  for (const input of graph.inputs) {
    if (input.initializer) continue;
    sources.set(input, input);
    if (input.dtype !== null && isFloat(input.dtype)) add(input.name, "input", input, null, [input]);
  }
  for (const node of graph.nodes) {
    if (absorbed.has(node)) continue;
    const reads = [...new Set(node.inputs.flatMap((value) => (value && sources.get(value)) ?? []))];
    if (reads.length === 0) continue;
    const [first] = node.outputs;
    const isForKernels =
      multipliesScales(node) ||
      padsForKernels(node, weightOf) ||
      padsToBlocks(node, weightOf, data) ||
      makesColumnsChannels(node, weightOf, data);
    if (first && !passing.has(node.op) && !isForKernels) add(node.label, node.op, first, node, reads);
    // What is no layer passes on where it comes from.
    for (const value of node.outputs) if (value && !sources.has(value)) sources.set(value, reads[0]!);
  }
  return layers;
}

interface Chain {
  readonly result: Value;
  readonly values: readonly Value[];
  readonly nodes: readonly Node[];
}

/** What stands behind an op as the only reader of its result: a normalization, bias, clamp, the change to codes. */
function chainBehind(first: Value, anchor: Node | null, data: ModelData): Chain {
  const values = [first];
  const nodes: Node[] = [];
  let [value, result] = [first, first];
  while (!value.isGraphOutput) {
    const [next, ...others] = value.users;
    const isShared = others.length > 0 && !value.users.every((node) => node.is("QuantizeLinear"));
    if (!next || isShared) break;
    const inRow = anchor && pixelsInRow(next);
    const isPart =
      inRow || isConversion(next) || (anchor && isTail(next, value, value === first ? anchor : null, data));
    if (!isPart) break;
    const added = inRow ?? [next];
    value = added.at(-1)!.outputs[0]!;
    nodes.push(...added);
    values.push(...added.map(({ outputs }) => outputs[0]!));
    // Codes stay the result where they only become floats again.
    if (!next.is("DequantizeLinear")) result = value;
    if (value.users.length !== 1) break;
  }
  return { result, values, nodes };
}

function isConversion(node: Node): boolean {
  return node.op === "QuantizeLinear" || node.op === "DequantizeLinear";
}

/** @param product what computes the value, if it is the first of the chain */
function isTail(node: Node, value: Value, product: Node | null, data: ModelData): boolean {
  const others = node.inputs.filter((each) => each && each !== value);
  if (!others.every((each) => data.of(each!) !== null)) return false;
  // Weight-only models clamp with Max and Min.
  if (["Relu", "Clip", "Max", "Min", "BatchNormalization"].includes(node.op)) return true;
  return node.op === "Add" && product !== null && kindOf(product.op) === "MatMul";
}

function kindOf(op: string): string {
  return kinds[op] ?? op.replace(/^(QLinear|Fused)/, "");
}

/** The name of the float value behind a name of codes, by the endings that quantizers give. */
function floatName({ name }: Value): string {
  return name.replace(/(_q|_dq|_quantized|_QuantizeLinear_Output|_DequantizeLinear_Output|_QuantizeLinear)$/, "");
}
