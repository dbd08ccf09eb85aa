import type { Diagnostic, Node, Value } from "@lowbit/ir";

/** A normalization that stays behind a quantized layer: its scale is lost on the codes, and it computes in float. */
export function unfoldedNormalization(normalization: Node, layer: Node): Diagnostic {
  return {
    code: "quantize/unfolded-normalization",
    severity: "warning",
    message: `BatchNormalization "${normalization.label}" was not folded into ${layer.op} "${layer.label}", which is quantized`,
    where: { node: normalization.label },
    help: "run the default pipeline before the plan is made; `lowbit opt --explain` says what hinders the fold",
  };
}

/** One tensor that would be stored twice, with other codes for each reader. */
export function tiedWeights(weight: Value, readers: readonly Node[]): Diagnostic {
  return {
    code: "quantize/tied-weights",
    severity: "warning",
    message: `weight "${weight.name}" is quantized ${readers.length} times, once each for ${readers.map((node) => `"${node.label}"`).join(", ")}`,
    where: { value: weight.name },
    help: "let the readers share one spec, or keep all but one of them in float",
  };
}

/** Blocks of weights whose codes no kernel of ONNX Runtime reads: they are dequantized in each run. */
export function slowBlocks(weight: string, size: number, others: number): Diagnostic {
  const more = others === 0 ? "" : ` and ${others} more`;
  return {
    code: "quantize/slow-blocks",
    severity: "warning",
    message: `weight "${weight}"${more}: blocks of ${size} are dequantized in each run, since kernels read blocks of a power of two of at least 16`,
    where: { value: weight },
    help: "the file is right, but slower than float; use block:16, block:32 or larger powers of two",
  };
}

/** Layers inside control flow, where nothing is quantized. */
export function productsInBody(node: Node, products: readonly Node[]): Diagnostic {
  const what = products.length === 1 ? "a layer" : `${products.length} layers`;
  return {
    code: "quantize/products-in-body",
    severity: "warning",
    message: `${what} inside ${node.op} "${node.label}" stay${products.length === 1 ? "s" : ""} float: only nodes of the main graph are quantized`,
    where: { node: node.label },
    help: "export the model without control flow, for example with the branch that is taken",
  };
}

/** Channels that a normalization multiplies by almost nothing. */
export function gammaNearZero(normalization: Node, gamma: Value, channels: readonly number[]): Diagnostic {
  const named = channels.slice(0, 5).join(", ") + (channels.length > 5 ? ", ..." : "");
  return {
    code: "quantize/gamma-near-zero",
    severity: "warning",
    message: `${normalization.op} "${normalization.label}": gamma "${gamma.name}" is nearly 0 in ${channels.length} channel${channels.length === 1 ? "" : "s"} (${named})`,
    where: { node: normalization.label, value: gamma.name },
    help: "these channels carry no signal: prune them, or give their weights one scale per channel",
  };
}

/** A graph prepared for training in which no value is rounded: training it is float training. */
export function roundsNothing(): Diagnostic {
  return {
    code: "quantize/rounds-nothing",
    severity: "warning",
    message: "the prepared graph has no FakeQuantize: training it never sees the rounding of the integer model",
    help: "look at the reasons in the plan's `skipped`, and drop what keeps all nodes in float",
  };
}

/** Steps that carry weights across many codes at once. */
export function highLearningRate(rate: number, limit: number): Diagnostic {
  return {
    code: "quantize/high-learning-rate",
    severity: "warning",
    message: `a learning rate of ${rate} is above ${limit}, where straight-through gradients tend to make weights jump between codes`,
    help: `fine-tune a trained float model with at most ${limit}`,
  };
}
