import type { Loss } from "./loss.ts";

/**
 * Softmax cross-entropy of raw scores [N, classes, ...] with class indices [N, ...], a mean over all positions
 * (https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html).
 */
export function crossEntropy(): Loss {
  return {
    name: "cross-entropy",
    targetDType: "int64",
    targetShape: ([batch, , ...positions]) => [batch!, ...positions],
    attach: ({ op, outputs, target }) => op.SoftmaxCrossEntropyLoss([outputs[0]!, target], { reduction: "mean" }),
  };
}
