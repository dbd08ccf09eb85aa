import { Tensor } from "@lowbit/ir";
import type { Loss } from "./loss.ts";

/** Settings of `crossEntropy`. */
export interface CrossEntropyOptions {
  /** Share of each label that is spread evenly over all classes, 0 ≤ s < 1 (Szegedy et al. 2016, section 7). Default 0. */
  readonly labelSmoothing?: number;
  /** How much each class counts; the mean is weighted accordingly. Default: all alike. */
  readonly classWeights?: readonly number[];
}

/**
 * Softmax cross-entropy of raw scores [N, classes, ...] with class indices [N, ...], a mean over all positions
 * (https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html).
 *
 * With smoothing s: (1 - s)·loss + s·mean over the classes of -log p.
 */
export function crossEntropy({ labelSmoothing = 0, classWeights }: CrossEntropyOptions = {}): Loss {
  return {
    name: `cross-entropy${labelSmoothing ? `:${labelSmoothing}` : ""}${classWeights ? `:${classWeights.join(":")}` : ""}`,
    targetDType: "int64",
    targetShape: ([batch, , ...positions]) => [batch!, ...positions],
    attach({ op, editor, outputs, target }) {
      const scores = outputs[0]!;
      const weights = classWeights ? editor.initializer(Tensor.of("float", classWeights), "class_weights") : null;
      const loss = op.SoftmaxCrossEntropyLoss([scores, target!, weights], { reduction: "mean" });
      if (labelSmoothing === 0) return loss;
      const constant = (value: number, name: string): typeof loss =>
        editor.initializer(Tensor.scalar("float", value), name);
      const evenly = op.Neg([op.ReduceMean([op.LogSoftmax([scores], { axis: 1 })], { keepdims: 0 })]);
      return op.Add([
        op.Mul([loss, constant(1 - labelSmoothing, "sure")]),
        op.Mul([evenly, constant(labelSmoothing, "smoothing")]),
      ]);
    },
  };
}
