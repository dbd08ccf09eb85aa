import { elementCount, GraphEditor, Tensor, type Node, type Value } from "@lowbit/ir";
import { definePass } from "@lowbit/rewrite";
import { block } from "../placement/blocked-layout.ts";
import { floatConvolution, keepBlocks, poolBlocks } from "./float-convolution.ts";
import { setOperand } from "./set-operand.ts";

const name = "fill-blocks";

/**
 * Channels from which the order of channels that is saved costs more than products with zeros; of images of one element
 * it always does.
 */
const leastFilled = 4;

/** Images that have channels in common, and the nodes around them. */
interface Family {
  readonly values: Set<Value>;
  /** Convolutions of each channel by itself, and other ops that treat all channels alike. */
  readonly between: Set<Node>;
  readonly makers: Set<Node>;
  readonly readers: Set<Node>;
}

/** Why a family stays as it is, and the node or value that is about. */
interface Objection {
  readonly reason: string;
  readonly at: Node | Value;
}

/**
 * Conv(f(Conv(x, v)), w)  →  Conv(f(Conv(x, v')), w')  for less than 16 channels between float convolutions, with weights of
 * zero for those up to 16: exact in value.
 *
 * Float kernels compute 16 channels at once. Where there are less, ONNX Runtime cuts off the others, brings the rest in order,
 * and has the next convolution add up one channel after the other.
 */
export const fillBlocks = definePass({
  name,
  summary: "Fills the channels between float convolutions up to the 16 that kernels compute and read at once.",
  run(model, { explanation }) {
    const editor = new GraphEditor(model.graph);
    const seen = new Set<Value>();
    let changed = 0;
    for (const node of [...model.graph.nodes]) {
      if (!node.is("Conv") || seen.has(node.output)) continue;
      const channels = channelsOf(node.output);
      if (channels === null || channels >= block) continue;
      const family: Family = { values: new Set(), between: new Set(), makers: new Set(), readers: new Set() };
      const objection = grow(family, node.output, channels) ?? objectionTo(family, channels);
      for (const value of family.values) seen.add(value);
      if (objection) {
        explanation?.nearMiss(name, node, objection);
        continue;
      }
      fill(family, editor);
      explanation?.applied(
        name,
        node,
        [node, ...family.between, ...family.readers].map(({ label }) => label),
      );
      changed++;
    }
    return { changed };
  },
});

/** Finds all images that must have the channels of one; null, or why they cannot get more. */
function grow(family: Family, seed: Value, channels: number): Objection | null {
  const open = [seed];
  for (let value = open.pop(); value; value = open.pop()) {
    if (family.values.has(value)) continue;
    family.values.add(value);
    if (channelsOf(value) !== channels) return { reason: "it has other channels", at: value };
    if (value.isGraphOutput) return { reason: "it is an output", at: value };
    if (value.producer === null) return { reason: "it is an input", at: value };
    for (const node of [value.producer, ...value.users]) {
      const convolution = floatConvolution(node);
      if (convolution && !convolution.isDepthwise) {
        (node === value.producer ? family.makers : family.readers).add(node);
        continue;
      }
      const operands = convolution ? [node.input] : operandsOf(node);
      if (operands === null) return { reason: "it does not treat all channels alike in float", at: node };
      family.between.add(node);
      open.push(...operands, node.output);
    }
  }
  return null;
}

/** The operands of an op that treats all channels alike, but for bounds; null for other ops. */
function operandsOf(node: Node): readonly Value[] | null {
  if (node.is("Clip")) return [node.input];
  if (node.domain !== "" || !(keepBlocks.has(node.op) || poolBlocks.has(node.op)) || node.outputs.length > 1)
    return null;
  return node.inputs.every((value) => value !== null) ? node.inputs : null;
}

function objectionTo({ makers, readers }: Family, channels: number): Objection | null {
  const [maker] = makers;
  if (readers.size === 0) return { reason: "no convolution reads it", at: maker!.output };
  for (const node of readers) {
    const [, , ...window] = node.inputs[1]!.shape!;
    if (window.some((size) => size !== 1)) return { reason: "zeros in its window cost more than they save", at: node };
    const isOneElement = node.input.shape!.slice(2).every((size) => size === 1);
    if (channels < leastFilled && !isOneElement) return { reason: `it reads ${channels} channels`, at: node };
  }
  return null;
}

function fill({ between, makers, readers }: Family, editor: GraphEditor): void {
  for (const node of [...makers, ...between]) {
    const convolution = floatConvolution(node);
    if (!convolution) continue;
    const [, , biases] = node.inputs;
    setOperand(node, 1, withZeros(convolution.weight, 0), editor);
    if (biases) setOperand(node, 2, withZeros(convolution.bias!, 0), editor);
    if (convolution.isDepthwise) editor.setAttribute(node, "group", block);
  }
  for (const node of readers) setOperand(node, 1, withZeros(node.inputs[1]!.constant!, 1), editor);
  for (const node of editor.graph.nodes) if (makers.has(node) || between.has(node)) editor.infer(node);
}

/** Data with zeros behind it along an axis, up to a whole block. */
function withZeros(data: Tensor, axis: 0 | 1): Tensor {
  const dims = data.dims.with(axis, block);
  const [outer, from, to] = [data.dims.slice(0, axis), data.dims.slice(axis), dims.slice(axis)].map(elementCount);
  const [given, filled] = [data.floats(), new Float32Array(elementCount(dims)!)];
  for (let i = 0; i < outer!; i++) filled.set(given.slice(i * from!, (i + 1) * from!), i * to!);
  return Tensor.of("float", filled, dims);
}

/** The channels of an image; null for what is none, or where they are not known. */
function channelsOf({ shape }: Value): number | null {
  const channels = shape?.length === 4 ? shape[1] : null;
  return typeof channels === "number" && channels > 0 ? channels : null;
}
