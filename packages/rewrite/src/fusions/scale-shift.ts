import type { Node, Tensor } from "@lowbit/ir";

/** y = scale · x + shift, one pair per channel. */
export interface ScaleShift {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** The constant operands of a BatchNormalization, each [C]. */
export interface BatchNormParameters {
  readonly gamma: { readonly constant: Tensor };
  readonly beta: { readonly constant: Tensor };
  readonly mean: { readonly constant: Tensor };
  readonly variance: { readonly constant: Tensor };
}

/**
 * What a BatchNormalization computes in inference: scale = gamma / √(variance + epsilon), shift = beta − mean · scale.
 * Null when some variance + epsilon is not positive.
 */
export function batchNormScaleShift(parameters: BatchNormParameters, bn: Node): ScaleShift | null {
  const epsilon = bn.float("epsilon", 1e-5);
  const gamma = parameters.gamma.constant.numbers();
  const beta = parameters.beta.constant.numbers();
  const mean = parameters.mean.constant.numbers();
  const variance = parameters.variance.constant.numbers();
  if (!variance.every((value) => value + epsilon > 0)) return null;
  const scale = gamma.map((value, c) => value / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: beta.map((value, c) => value - mean[c]! * scale[c]!) };
}
