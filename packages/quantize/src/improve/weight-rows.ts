import { Tensor, type Node, type Value } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";

/**
 * The weight of a product as [groups, rows, columns]: one row per output channel, one column per input that is summed, so
 * that every product is `row · column of inputs` within its group. Convolutions are seen behind im2col.
 */
export class WeightRows {
  readonly node: Node;
  readonly value: Value;
  readonly groups: number;
  /** Output channels per group. */
  readonly rows: number;
  readonly columns: number;
  /** Input channel of the group that a column belongs to is `column / columnsPerChannel`, rounded down. */
  readonly columnsPerChannel: number;
  /** Whether the tensor is [columns, rows]. */
  readonly #isTransposed: boolean;

  private constructor(node: Node, value: Value) {
    const dims = value.constant!.dims;
    this.node = node;
    this.value = value;
    this.groups = node.is("Conv") ? node.int("group", 1) : 1;
    this.#isTransposed = !node.is("Conv") && node.int("transB", 0) === 0;
    const [outputs, inputs] = (this.#isTransposed ? dims.toReversed() : dims) as [number, number];
    this.columnsPerChannel = node.is("Conv") ? dims.slice(2).reduce((a, b) => a * b, 1) : 1;
    this.rows = outputs / this.groups;
    this.columns = inputs * this.columnsPerChannel;
  }

  /** The rows of a node's weight, or why it has none that may be changed. */
  static of(node: Node): WeightRows | string {
    const weight = node.inputs[1];
    if (!(node.is("Conv") || node.is("Gemm") || node.is("MatMul")) || productOf(node)?.weight.index !== 1) {
      return `nothing else is known for the weights of ${node.op}`;
    }
    if (!weight?.constant || weight.dtype !== "float") return "its weights are not float data of the model";
    if (weight.uses.size > 1 || weight.isGraphOutput) return "its weights are read elsewhere too";
    if (!node.is("Conv") && weight.constant.dims.length !== 2) return "its weights are no matrix";
    return new WeightRows(node, weight);
  }

  get size(): number {
    return this.groups * this.rows * this.columns;
  }

  /** Where an element lies in the tensor, by its position among the rows. */
  place(index: number): number {
    if (!this.#isTransposed) return index;
    return (index % this.columns) * this.rows + Math.floor(index / this.columns);
  }

  /** The elements, row by row. */
  read(): Float64Array {
    const numbers = this.value.constant!.numbers();
    return Float64Array.from({ length: this.size }, (_, index) => numbers[this.place(index)]!);
  }

  /** A tensor like the weight, of elements given row by row. */
  tensor(elements: Float64Array): Tensor {
    const floats = new Float32Array(this.size);
    for (const [index, element] of elements.entries()) floats[this.place(index)] = element;
    return Tensor.fromTyped("float", this.value.constant!.dims, floats);
  }
}
