import type { Value } from "@lowbit/ir";
import { addChannelAffine, channelAffine } from "./channel-affine.ts";
import { scaleChannels } from "./channel-scale.ts";
import { dims, ints, operand, reshape, scalar, type LegalizeContext } from "./legalization.ts";

/** Positions per sample from which on a row-by-row product is faster than Mul and ReduceSum, measured at 2 threads. */
const worthDotting = 200;

/** What both directions of a normalization by its batch are made of; cleaning up merges what they both compute. */
interface BatchStatistics {
  /** X - mean, as X. */
  readonly centred: Value;
  /** [C, 1]. */
  readonly mean: Value;
  /** Population variance, [C, 1]. */
  readonly variance: Value;
  /** 1 / √(variance + ε), [C, 1]. */
  readonly inverse: Value;
}

/**
 * BatchNormalization in training mode as reductions and one affine pass (https://onnx.ai/onnx/operators/onnx__BatchNormalization.html):
 * batch mean, centred population variance, Y = (X - mean)·k + bias with k = scale / √(variance + ε), and the running
 * statistics moved by 1 - momentum.
 */
export function batchNormalizationTraining(context: LegalizeContext): readonly (Value | null)[] {
  const { node, op, editor } = context;
  const [x, scale, bias] = [operand(context, 0), operand(context, 1), operand(context, 2)];
  const channels = dims(scale)[0]!;
  const { centred, mean, variance, inverse } = statistics(context, x, channels);
  const k = op.Mul([scale, reshape(context, inverse, [channels])]);
  const momentum = node.float("momentum", 0.9);
  const moved = (old: Value, current: Value): Value => {
    const kept = op.Mul([old, scalar(editor, momentum, "momentum")]);
    const added = op.Mul([reshape(context, current, [channels]), scalar(editor, 1 - momentum, "rest")]);
    return op.Add([kept, added]);
  };
  const [, newMean, newVariance] = node.outputs;
  return [
    channelAffine(context, centred, k, bias),
    newMean ? moved(operand(context, 3), mean) : null,
    newVariance ? moved(operand(context, 4), variance) : null,
  ];
}

/**
 * BatchNormalizationGrad as two sums over each channel and one affine combination of dY and the centred X: with
 * s = Σ dY·(X - mean) and k = scale / √(variance + ε) over M elements, dX = k·(dY - s/(M·(variance + ε))·(X - mean) - dBias/M).
 * The convolution before it takes k over, so that nothing is left of this product but weights.
 */
export function batchNormalizationGrad(context: LegalizeContext): readonly (Value | null)[] {
  const { op, editor } = context;
  const [dy, x, scale] = [operand(context, 0), operand(context, 1), operand(context, 2)];
  const shape = dims(x);
  const channels = dims(scale)[0]!;
  const count = shape.reduce((a, b) => a * b, 1) / channels;
  const { centred, inverse } = statistics(context, x, channels);
  const inv = reshape(context, inverse, [channels]);
  const dBias = reshape(context, sumOver(context, dy), [channels]);
  const dScale = op.Mul([reshape(context, dotOver(context, dy, centred), [channels]), inv]);
  const perElement = scalar(editor, -1 / count, "per_element");
  const slope = op.Mul([op.Mul([dScale, inv]), perElement]);
  const bent = addChannelAffine(context, dy, centred, slope, op.Mul([dBias, perElement]));
  return [scaleChannels(context, bent, op.Mul([scale, inv])), dScale, dBias];
}

function statistics(context: LegalizeContext, x: Value, channels: number): BatchStatistics {
  const { node, op, editor } = context;
  const shape = dims(x);
  const count = shape.reduce((a, b) => a * b, 1) / channels;
  const mean = op.ReduceMean([x, batchAxes(context, shape)], { keepdims: 1 });
  const centred = op.Sub([x, mean]);
  const sumOfSquares = reshape(context, dotOver(context, centred, centred), [channels, 1]);
  const variance = op.Mul([sumOfSquares, scalar(editor, 1 / count, "per_element")]);
  const epsilon = scalar(editor, node.float("epsilon", 1e-5), "epsilon");
  const inverse = op.Reciprocal([op.Sqrt([op.Add([variance, epsilon])])]);
  return { centred, mean, variance, inverse };
}

/** y[c] = Σ a·b over the batch and the positions, as a row-by-row matrix product: one pass, where Mul and a sum take two. */
function dotOver(context: LegalizeContext, a: Value, b: Value): Value {
  const { op, editor } = context;
  const [batch, channels, ...spatial] = dims(a);
  const positions = spatial.reduce((product, size) => product * size, 1);
  if (positions < worthDotting) return op.ReduceSum([op.Mul([a, b]), batchAxes(context, dims(a))], { keepdims: 1 });
  const rows = (value: Value): Value => reshape(context, value, [batch! * channels!, 1, positions]);
  const attributes = { transB: 1 };
  const products = editor.node("FusedMatMul", [rows(a), rows(b)], attributes, { domain: "com.microsoft" }).output;
  return op.ReduceSum([reshape(context, products, [batch!, channels!]), ints(editor, [0], "batch_axis")], {
    keepdims: 0,
  });
}

function sumOver(context: LegalizeContext, value: Value): Value {
  return context.op.ReduceSum([value, batchAxes(context, dims(value))], { keepdims: 0 });
}

function batchAxes({ editor }: LegalizeContext, shape: readonly number[]): Value {
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  return ints(editor, axes, "all_but_channels");
}
