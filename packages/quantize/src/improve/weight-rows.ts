import { Tensor, type Node, type Use, type Value } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";

/**
 * The weight of a product as [groups, rows, columns]: one row per output channel, one column per input that is summed, so
 * that every product is `row · column of inputs` within its group. Convolutions are seen behind im2col; each matrix of a
 * stack is a group.
 */
export class WeightRows {
  /** The first node that reads the weight. */
  readonly node: Node;
  /** All nodes that do, in graph order: more than one where layers are tied. */
  readonly readers: readonly Node[];
  readonly value: Value;
  readonly groups: number;
  /** Output channels per group. */
  readonly rows: number;
  readonly columns: number;
  /** Input channel of the group that a column belongs to is `column / columnsPerChannel`, rounded down. */
  readonly columnsPerChannel: number;
  /** Whether each group of the tensor is [columns, rows]. */
  readonly #isTransposed: boolean;

  private constructor(readers: readonly Node[], value: Value) {
    const [node] = readers as readonly [Node];
    const { groups, rows, columns, columnsPerChannel, isTransposed } = layoutOf(node, value.constant!.dims);
    this.node = node;
    this.readers = readers;
    this.value = value;
    this.groups = groups;
    this.rows = rows;
    this.columns = columns;
    this.columnsPerChannel = columnsPerChannel;
    this.#isTransposed = isTransposed;
  }

  /** The rows of a node's weight, or why it has none that may be changed. */
  static of(node: Node): WeightRows | string {
    const weight = node.inputs[1];
    if (!isKnown(node)) return `nothing else is known for the weights of ${node.op}`;
    if (!weight?.constant || weight.dtype !== "float") return "its weights are not float data of the model";
    const { dims } = weight.constant;
    if (dims.length < 2) return "its weights are no matrix";
    if (node.is("MatMul") && dims.length > 2 && !node.input.shape) return "the rank of its input is unknown";
    if (weight.isGraphOutput) return "its weights are read elsewhere too";
    const layout = JSON.stringify(layoutOf(node, dims));
    const isAlike = ({ node: reader, index }: Use): boolean =>
      index === 1 && isKnown(reader) && JSON.stringify(layoutOf(reader, dims)) === layout;
    if (![...weight.uses].every(isAlike)) return "its weights are read elsewhere too, and not in the same way";
    const readers = new Set([...weight.uses].map((use) => use.node));
    return new WeightRows(
      [...node.graph!.nodes].filter((each) => readers.has(each)),
      weight,
    );
  }

  get size(): number {
    return this.groups * this.rows * this.columns;
  }

  /** Where an element lies in the tensor, by its position among the rows. */
  place(index: number): number {
    if (!this.#isTransposed) return index;
    const group = index - (index % (this.rows * this.columns));
    return group + (index % this.columns) * this.rows + Math.floor((index - group) / this.columns);
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

interface Layout extends Pick<WeightRows, "groups" | "rows" | "columns" | "columnsPerChannel"> {
  readonly isTransposed: boolean;
}

function isKnown(node: Node): boolean {
  return (node.is("Conv") || node.is("Gemm") || node.is("MatMul")) && productOf(node)?.weight.index === 1;
}

function layoutOf(node: Node, dims: readonly number[]): Layout {
  if (node.is("Conv")) {
    const groups = node.int("group", 1);
    const columnsPerChannel = dims.slice(2).reduce((a, b) => a * b, 1);
    const columns = dims[1]! * columnsPerChannel;
    return { groups, rows: dims[0]! / groups, columns, columnsPerChannel, isTransposed: false };
  }
  const isTransposed = node.int("transB", 0) === 0;
  const [outputs, inputs] = (isTransposed ? dims.slice(-2).toReversed() : dims) as [number, number];
  const groups = dims.slice(0, -2).reduce((a, b) => a * b, 1);
  return { groups, rows: outputs, columns: inputs, columnsPerChannel: 1, isTransposed };
}
