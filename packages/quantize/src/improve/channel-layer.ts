import type { GraphEditor, Node, Value } from "@lowbit/ir";
import { Tensor } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";

/**
 * A Conv, Gemm or MatMul with constant data that no other node reads, seen by channels: its weight and bias in float64,
 * to be rescaled, and written back once.
 */
export class ChannelLayer {
  readonly node: Node;
  readonly outputs: number;
  readonly inputs: number;
  readonly #weight: Value;
  readonly #bias: Value | null;
  readonly #weights: Float64Array;
  readonly #biases: Float64Array | null;
  readonly #outputOf: (index: number) => number;
  readonly #inputOf: (index: number) => number;

  private constructor(node: Node, weight: Value, bias: Value | null) {
    this.node = node;
    this.#weight = weight;
    this.#bias = bias;
    this.#weights = weight.constant!.numbers().slice();
    this.#biases = bias ? bias.constant!.numbers().slice() : null;
    const layout = layoutOf(node, weight.constant!.dims);
    [this.outputs, this.inputs, this.#outputOf, this.#inputOf] = layout;
  }

  /** Null for other ops, and for data that is shared, trained or of a form that has no channels. */
  static of(node: Node): ChannelLayer | null {
    const product = productOf(node);
    const isKnown = node.is("Conv") || (node.is("Gemm") && !node.int("transA", 0)) || node.is("MatMul");
    if (!product || !isKnown || product.weight.index !== 1) return null;
    const weight = node.inputs[1]!;
    const bias = product.bias ? (node.inputs[product.bias.index] ?? null) : null;
    if (!isOwn(weight) || (bias && !isOwn(bias))) return null;
    const { dims } = weight.constant!;
    if (node.is("Conv") ? dims.length < 3 : dims.length !== 2) return null;
    const layer = new ChannelLayer(node, weight, bias);
    const perChannel = !bias || (bias.constant!.size === layer.outputs && bias.constant!.dims.at(-1) === layer.outputs);
    return perChannel ? layer : null;
  }

  /** The largest magnitude among the weights of each output channel. */
  outputReach(): Float64Array {
    return this.#reach(this.outputs, this.#outputOf);
  }

  /** The largest magnitude among the weights that read each input channel. */
  inputReach(): Float64Array {
    return this.#reach(this.inputs, this.#inputOf);
  }

  /** Multiplies the results by a factor per output channel. */
  scaleOutputs(factors: Float64Array): void {
    this.#weights.forEach((value, i) => (this.#weights[i] = value * factors[this.#outputOf(i)]!));
    this.#biases?.forEach((value, i) => (this.#biases![i] = value * factors[i]!));
  }

  /** Multiplies the weights by a factor per input channel. */
  scaleInputs(factors: Float64Array): void {
    this.#weights.forEach((value, i) => (this.#weights[i] = value * factors[this.#inputOf(i)]!));
  }

  /** Stores the data in the graph. */
  write(editor: GraphEditor): void {
    const { dtype, dims } = this.#weight.constant!;
    editor.setInitializer(this.#weight, Tensor.of(dtype, this.#weights, dims));
    if (!this.#bias || !this.#biases) return;
    const bias = this.#bias.constant!;
    editor.setInitializer(this.#bias, Tensor.of(bias.dtype, this.#biases, bias.dims));
  }

  #reach(channels: number, channelOf: (index: number) => number): Float64Array {
    const reach = new Float64Array(channels);
    this.#weights.forEach((value, i) => {
      const channel = channelOf(i);
      reach[channel] = Math.max(reach[channel]!, Math.abs(value));
    });
    return reach;
  }
}

function isOwn(value: Value): boolean {
  return value.constant !== null && value.uses.size === 1 && !value.isGraphOutput && value.dtype === "float";
}

type Layout = readonly [
  outputs: number,
  inputs: number,
  outputOf: (index: number) => number,
  inputOf: (index: number) => number,
];

function layoutOf(node: Node, dims: readonly number[]): Layout {
  const [rows, columns] = dims as [number, number];
  if (!node.is("Conv")) {
    const row = (index: number): number => Math.floor(index / columns);
    const column = (index: number): number => index % columns;
    return node.int("transB", 0) ? [rows, columns, row, column] : [columns, rows, column, row];
  }
  const groups = node.int("group", 1);
  const kernel = dims.slice(2).reduce((size, dim) => size * dim, 1);
  const outputOf = (index: number): number => Math.floor(index / (columns * kernel));
  const inputOf = (index: number): number =>
    Math.floor(outputOf(index) / (rows / groups)) * columns + (Math.floor(index / kernel) % columns);
  return [rows, columns * groups, outputOf, inputOf];
}
