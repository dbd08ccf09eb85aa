import { originText, type Diagnostic, type Node } from "@lowbit/ir";

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

function locationOf(node: Node): NonNullable<Diagnostic["where"]> {
  const origin = originText(node.origin);
  return origin && origin !== node.name ? { node: node.label, origin } : { node: node.label };
}
