import { CompileError, originText, type Diagnostic, type Node } from "@lowbit/ir";

/** Equalization stops at a Clip, whose upper end does not scale with the channels. */
export function clipNotEqualized(layer: Node, clip: Node): Diagnostic {
  return {
    code: "quantize/not-equalized",
    severity: "note",
    message: `${layer.op} "${layer.label}": its channels are not equalized, because Clip "${clip.label}" behind it would cut them at other values`,
    where: locationOf(layer),
    help: "replace the Clip by a Relu and train or evaluate again, or use scales per channel for the weights",
  };
}

/** A layer whose mean error has no bias to go into. */
export function biasNotCorrected(layer: Node, reason: string): Diagnostic {
  return {
    code: "quantize/bias-not-corrected",
    severity: "note",
    message: `${layer.op} "${layer.label}": its bias is not corrected, because ${reason}`,
    where: locationOf(layer),
  };
}

/** A normalization before products whose channels cannot be rescaled. */
export function notSmoothed(normalization: Node, reason: string): Diagnostic {
  return {
    code: "quantize/not-smoothed",
    severity: "note",
    message: `${normalization.op} "${normalization.label}": its channels are not smoothed, because ${reason}`,
    where: locationOf(normalization),
  };
}

/** Two improvers were asked for that both decide how every weight is rounded. */
export function roundedTwice(names: readonly string[]): CompileError {
  return new CompileError({
    code: "quantize/rounded-twice",
    severity: "error",
    message: `${names.join(" and ")} each decide how weights are rounded: the second would find nothing left to round`,
    help: "name one of them; try both and keep the one that loses less accuracy",
  });
}

/** Products whose inputs are not rescaled for the sake of their weights. */
export function notScaled(layer: Node, reason: string): Diagnostic {
  return {
    code: "quantize/not-scaled",
    severity: "note",
    message: `${layer.op} "${layer.label}": its inputs are not rescaled for its weights, because ${reason}`,
    where: locationOf(layer),
  };
}

/** A quantized layer whose weights keep their whole range although more was asked for. */
export function weightsNotClipped(layer: Node, reason: string): Diagnostic {
  return {
    code: "quantize/not-clipped",
    severity: "note",
    message: `${layer.op} "${layer.label}": the range of its weights is not searched, because ${reason}`,
    where: locationOf(layer),
  };
}

/** A quantized layer whose weights round to nearest although more was asked for. */
export function weightsNotRounded(layer: Node, reason: string): Diagnostic {
  return {
    code: "quantize/not-rounded",
    severity: "note",
    message: `${layer.op} "${layer.label}": its weights round to nearest, because ${reason}`,
    where: locationOf(layer),
  };
}

function locationOf(node: Node): NonNullable<Diagnostic["where"]> {
  const origin = originText(node.origin);
  return origin && origin !== node.name ? { node: node.label, origin } : { node: node.label };
}
