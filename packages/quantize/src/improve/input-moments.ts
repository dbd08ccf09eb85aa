import { GraphEditor, Tensor, type Attribute, type Node, type Value } from "@lowbit/ir";
import type { WeightRows } from "./weight-rows.ts";

/** What the inputs of a product are like over some data. */
export interface InputMoments {
  /** Σ x·xᵀ over all columns of inputs x that the product sees: [groups, columns, columns], row by row. */
  readonly products: Float64Array;
  /** Σ |x|: [groups, columns]. */
  readonly magnitudes: Float64Array;
}

/**
 * Adds the moments of what a product reads to the graph that it is in, and returns them as values.
 *
 * The columns of a convolution are made by a convolution of the same form whose weights pick one element each, so strides,
 * pads, dilations and groups need no code of their own.
 */
export function addInputMoments(node: Node, rows: WeightRows): readonly [products: Value, magnitudes: Value] {
  const editor = new GraphEditor(node.graph!).before(node);
  const { op } = editor;
  const columns = inputColumns(editor, node, rows);
  return [
    op.MatMul([columns, op.Transpose([columns], { perm: [0, 2, 1] })]),
    op.ReduceSum([op.Abs([columns]), ints(editor, [2])], { keepdims: 0 }),
  ];
}

/** What a product reads as columns, each of which meets all rows of its group: [groups, columns, samples · positions]. */
export function inputColumns(editor: GraphEditor, node: Node, rows: WeightRows): Value {
  return node.is("Conv") ? convolutionColumns(editor, node, rows) : matrixColumns(editor, node, rows);
}

/** [groups, columns, samples] of what a Gemm or MatMul reads. */
function matrixColumns(editor: GraphEditor, node: Node, { groups, columns, value }: WeightRows): Value {
  const { op } = editor;
  const stack = value.constant!.dims.slice(0, -2);
  if (stack.length > 0) {
    const rank = Math.max(node.input.shape!.length, stack.length + 2);
    const spread = op.Expand([node.input, ints(editor, [...stack, 1, 1])]);
    // The axes of the stack in front, whatever stands before them; then one matrix of inputs for each group.
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    const [before, along] = [axes.slice(0, -2 - stack.length), axes.slice(-2 - stack.length, -2)];
    const sorted = op.Transpose([spread], { perm: [...along, ...before, rank - 2, rank - 1] });
    return op.Transpose([op.Reshape([sorted, ints(editor, [groups, -1, columns])])], { perm: [0, 2, 1] });
  }
  if (node.int("transA", 0)) return op.Unsqueeze([node.input, ints(editor, [0])]);
  const rows = op.Reshape([node.input, ints(editor, [1, -1, columns])]);
  return op.Transpose([rows], { perm: [0, 2, 1] });
}

/** [groups, columns, samples · positions] of what a Conv reads. */
function convolutionColumns(editor: GraphEditor, node: Node, { groups, columns, value }: WeightRows): Value {
  const { op } = editor;
  const pickers = new Float32Array(groups * columns * columns);
  for (let i = 0; i < groups * columns; i++) pickers[i * columns + (i % columns)] = 1;
  const dims = [groups * columns, ...value.constant!.dims.slice(1)];
  const weight = editor.initializer(Tensor.fromTyped("float", dims, pickers), "pickers");
  const attributes: Record<string, Attribute> = Object.fromEntries(node.attributes);
  const picked = editor.node("Conv", [node.input, weight], attributes, { outputs: 1 }).output;
  const split = op.Reshape([picked, ints(editor, [0, groups, columns, -1])]);
  return op.Reshape([op.Transpose([split], { perm: [1, 2, 0, 3] }), ints(editor, [groups, columns, -1])]);
}

function ints(editor: GraphEditor, numbers: readonly number[]): Value {
  return editor.initializer(Tensor.of("int64", numbers), "ints");
}
