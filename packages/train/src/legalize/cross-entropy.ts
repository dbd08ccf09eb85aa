import { Tensor } from "@lowbit/ir";
import { dims, ints, operand, scalar, type Legalization } from "./legalization.ts";

/**
 * SoftmaxCrossEntropyLoss of plain labels as -Σ onehot·log p over the positions: five nodes where ONNX Runtime would
 * expand the op's function body into a dozen. The one-hot labels are those of the gradient, so cleaning up merges them.
 * Other forms (weights, ignored labels, no reduction, the log p output) stay as they are.
 */
export const crossEntropyLoss: Legalization = (context) => {
  const { node, op, editor } = context;
  const reduction = node.string("reduction", "mean");
  const plain = node.inputs.length === 2 && !node.attributes.has("ignore_index") && node.outputs.length === 1;
  if (!plain || reduction === "none") return [];
  const [scores, labels] = [operand(context, 0), operand(context, 1)];
  const classes = ints(editor, [dims(scores)[1]!], "classes");
  const onehot = op.OneHot([labels, classes, editor.initializer(Tensor.of("float", [0, 1]), "off_on")], { axis: 1 });
  const likelihood = op.Mul([op.LogSoftmax([scores], { axis: 1 }), onehot]);
  const total = op.ReduceSum([likelihood], { keepdims: 0 });
  const positions = reduction === "mean" ? dims(labels).reduce((a, b) => a * b, 1) : 1;
  return [op.Mul([total, scalar(editor, -1 / positions, "per_position")])];
};
