import type { Value } from "@lowbit/ir";
import { dims, ints, operand, reshape, scalar, type LegalizeContext } from "./legalization.ts";

/**
 * BatchNormalization in training mode as reductions and elementwise ops (https://onnx.ai/onnx/operators/onnx__BatchNormalization.html):
 * batch mean, centred population variance, Y = (X - mean)·k + bias with k = scale / √(variance + ε), and the running
 * statistics moved by 1 - momentum.
 */
export function batchNormalizationTraining(context: LegalizeContext): readonly (Value | null)[] {
  const { node, op, editor } = context;
  const [x, scale, bias] = [operand(context, 0), operand(context, 1), operand(context, 2)];
  const shape = dims(x);
  const [channels] = dims(scale);
  const axes = ints(
    editor,
    shape.map((_, axis) => axis).filter((axis) => axis !== 1),
    "all_but_channels",
  );
  const perChannel = [1, channels!, ...shape.slice(2).map(() => 1)];
  const mean = op.ReduceMean([x, axes], { keepdims: 1 });
  const centred = op.Sub([x, mean]);
  const variance = op.ReduceMean([op.Mul([centred, centred]), axes], { keepdims: 1 });
  const deviation = op.Sqrt([op.Add([variance, scalar(editor, node.float("epsilon", 1e-5), "epsilon")])]);
  const k = op.Div([reshape(context, scale, perChannel), deviation]);
  const y = op.Add([op.Mul([centred, k]), reshape(context, bias, perChannel)]);
  const momentum = node.float("momentum", 0.9);
  const moved = (old: Value, current: Value): Value => {
    const kept = op.Mul([old, scalar(editor, momentum, "momentum")]);
    const added = op.Mul([reshape(context, current, [channels!]), scalar(editor, 1 - momentum, "rest")]);
    return op.Add([kept, added]);
  };
  const [, newMean, newVariance] = node.outputs;
  return [
    y,
    newMean ? moved(operand(context, 3), mean) : null,
    newVariance ? moved(operand(context, 4), variance) : null,
  ];
}
