import {
  elementCount,
  GraphEditor,
  invariant,
  isStatic,
  lowbitDomain,
  Tensor,
  type AttributeInput,
  type Graph,
  type Node,
  type Value,
} from "@lowbit/ir";
import { largestCodeOf, learnedScale } from "../prepare/learned-scale.ts";

/** Whether a normalization uses the statistics of its batch, and moves the running ones, or the running ones alone. */
export type NormalizationPhase = "training-statistics" | "frozen-statistics";

/**
 * Replaces a ConvBatchNormalization by plain ops and the fake quantization of its weights, before it in the graph.
 *
 * With k = gamma / √(variance + ε):
 * - `frozen-statistics`: op(X, FQ(W·k)) + (B - mean)·k + beta, which is what is deployed; gradients reach W, B, gamma, beta.
 * - `training-statistics`: BatchNormalization(op(X, FQ(W·k)/k) + B) by the batch. Scales per channel that follow the
 *   largest weight, in a learned ratio or none, make FQ(W·k)/k equal to FQ(W), whatever k is. One scale for all channels,
 *   or a least scale, needs k, taken from the running statistics and without a gradient; channels with almost no gamma, whose codes would all be 0, then keep their weights.
 *
 * The running statistics become buffers, and in training are moved by Assign.
 */
export function decomposeConvBatchNormalization(editor: GraphEditor, node: Node, phase: NormalizationPhase): void {
  invariant(node.is("ConvBatchNormalization", lowbitDomain), `${node.op} "${node.label}" is no ConvBatchNormalization`);
  const composite = new Composite(editor, node);
  const result = editor.rewriting("decompose-conv-batch-normalization", [node], node, () =>
    phase === "frozen-statistics" ? composite.frozen() : composite.training(),
  );
  editor.replaceAllUses(node.output, result);
  editor.erase(node);
}

/** Decomposes every ConvBatchNormalization of a graph, in place. Returns how many there were. */
export function decomposeAllConvBatchNormalizations(graph: Graph, phase: NormalizationPhase): number {
  const editor = new GraphEditor(graph);
  const nodes = [...graph.nodes].filter((node) => node.is("ConvBatchNormalization", lowbitDomain));
  for (const node of nodes) decomposeConvBatchNormalization(editor, node, phase);
  return nodes.length;
}

/** Attributes that belong to the composite, not to the op in it. */
const ownAttributes = new Set([
  "op",
  "epsilon",
  "momentum",
  "weight_dtype",
  "weight_qmin",
  "weight_qmax",
  "weight_axis",
  "weight_eps",
]);

/** How much smaller than the largest factor a channel's factor is when its weights count as switched off. */
const switchedOff = 1 / 1024;

class Composite {
  readonly #editor: GraphEditor;
  readonly #node: Node;
  readonly #weight: Value;
  readonly #gamma: Value;
  readonly #beta: Value;
  readonly #mean: Value;
  readonly #variance: Value;
  /** Logarithm of the ratio between the learned scale of the weights and their range; null where it follows the range. */
  readonly #ratio: Value | null;

  constructor(editor: GraphEditor, node: Node) {
    this.#editor = editor;
    this.#node = node;
    const [, weight, , gamma, beta, mean, variance, ratio = null] = node.inputs;
    invariant(weight && gamma && beta && mean && variance, `${node.op} "${node.label}" lacks an operand`);
    this.#weight = weight;
    this.#gamma = gamma;
    this.#beta = beta;
    this.#mean = mean;
    this.#variance = variance;
    this.#ratio = ratio;
    for (const value of [mean, variance]) if (value.initializer) editor.setRole(value, "buffer");
  }

  frozen(): Value {
    const { op } = this.#editor;
    const bias = this.#node.inputs[2] ?? null;
    const k = this.#factor();
    const weight = this.#quantized(op.Mul([this.#weight, this.#alongChannels(k)]));
    const shift = op.Sub([this.#beta, op.Mul([this.#mean, k])]);
    return this.#linear(weight, bias ? op.Add([op.Mul([bias, k]), shift]) : shift);
  }

  training(): Value {
    const { op } = this.#editor;
    const node = this.#node;
    const linear = this.#linear(this.#trainedWeight(), node.inputs[2] ?? null);
    const attributes = {
      epsilon: node.float("epsilon", 1e-5),
      momentum: node.float("momentum", 0.9),
      training_mode: 1,
    };
    const operands = [linear, this.#gamma, this.#beta, this.#mean, this.#variance] as const;
    const [y, mean, variance] = this.#editor.node("BatchNormalization", operands, attributes, { outputs: 3 }).outputs;
    op.Assign([this.#mean, mean!]);
    op.Assign([this.#variance, variance!]);
    return y!;
  }

  /** FQ(W·k)/k, with gradients to W alone. */
  #trainedWeight(): Value {
    const isScaledLikeWeight =
      this.#hasScalePerChannel() && this.#leastScale() === undefined && this.#hasMirroredCodes();
    if (!this.#isQuantized() || isScaledLikeWeight) return this.#quantized(this.#weight);
    const { op } = this.#editor;
    const k = this.#factor();
    // An observed range is a statistic to the gradient: read off per channel, it is k itself without one.
    const [fixedK] = op.ObserveRange([k], { mode: "current", axis: 0 }, { outputs: 2 });
    const [least, most] = op.ObserveRange([k], { mode: "current" }, { outputs: 2 });
    const largest = op.Max([op.Neg([least!]), most!]);
    const isOff = op.LessOrEqual([op.Abs([fixedK!]), op.Mul([largest, this.#scalar(switchedOff, "switched_off")])]);
    const factor = this.#alongChannels(op.Where([isOff, this.#scalar(1, "one"), fixedK!]));
    const quantized = op.Div([this.#quantized(op.Mul([this.#weight, this.#alongChannels(fixedK!)])), factor]);
    return op.Where([this.#alongChannels(isOff), this.#weight, quantized]);
  }

  /** k = gamma / √(variance + ε): one number per output channel. */
  #factor(): Value {
    const { op } = this.#editor;
    const epsilon = this.#scalar(this.#node.float("epsilon", 1e-5), "epsilon");
    return op.Div([this.#gamma, op.Sqrt([op.Add([this.#variance, epsilon])])]);
  }

  #isQuantized(): boolean {
    return this.#node.string("weight_dtype", "") !== "";
  }

  /** Whether each output channel has a scale of its own; grouped ConvTranspose has one for a channel of every group. */
  #hasScalePerChannel(): boolean {
    const isGroupedTranspose = this.#node.string("op", "Conv") === "ConvTranspose" && this.#node.int("group", 1) > 1;
    return this.#node.attributes.has("weight_axis") && !isGroupedTranspose;
  }

  /** Whether a weight and its negative are rounded alike: gamma may be below 0, and a learned scale may clip. */
  #hasMirroredCodes(): boolean {
    return this.#ratio === null || this.#node.int("weight_qmin", -127) === -this.#node.int("weight_qmax", 127);
  }

  /** The smallest scale of the weights, where the kernels set one. */
  #leastScale(): number | undefined {
    return this.#node.attributes.has("weight_eps") ? this.#node.float("weight_eps", 0) : undefined;
  }

  #quantized(weight: Value): Value {
    if (!this.#isQuantized()) return weight;
    const { op, graph } = this.#editor;
    const node = this.#node;
    const [qmin, qmax] = [node.int("weight_qmin", -127), node.int("weight_qmax", 127)];
    const axis = node.attributes.has("weight_axis") ? node.int("weight_axis", 0) : undefined;
    const [min, max] = op.ObserveRange([weight], { mode: "current", axis }, { outputs: 2 });
    const name = this.#weight.name;
    const [scale, zeroPoint] = op.QuantizationParameters(
      [min!, max!],
      { qmin, qmax, symmetric: 1, dtype: node.string("weight_dtype", "int8"), eps: this.#leastScale() },
      { outputs: [graph.names.fresh(`${name}.scale`), graph.names.fresh(`${name}.zero_point`)] },
    );
    const ratio = this.#ratio;
    return op.FakeQuantize(
      [weight, ratio ? this.#learned(scale!, ratio) : scale!, zeroPoint!],
      { qmin, qmax, axis, covers_range: qmin === -qmax && !ratio ? 1 : undefined },
      { outputs: [graph.names.fresh(`${name}_fq`)] },
    );
  }

  #learned(scale: Value, ratio: Value): Value {
    const [elements, scales] = [elementCount(this.#weight.shape)!, elementCount(ratio.shape)!];
    const largestCode = largestCodeOf(this.#node.int("weight_qmin", -127), this.#node.int("weight_qmax", 127));
    return learnedScale(this.#editor, scale, ratio, { elements: elements / scales, largestCode });
  }

  #linear(weight: Value, bias: Value | null): Value {
    const node = this.#node;
    const attributes: Record<string, AttributeInput> = {};
    for (const [name, attribute] of node.attributes) if (!ownAttributes.has(name)) attributes[name] = attribute;
    const request = node.name === "" ? {} : { name: node.name };
    return this.#editor.node(node.string("op", "Conv"), [node.input, weight, bias], attributes, request).output;
  }

  /** One number per output channel, shaped to be multiplied with the weight. */
  #alongChannels(vector: Value): Value {
    const { op } = this.#editor;
    const node = this.#node;
    const shape = this.#weight.shape;
    invariant(isStatic(shape), `weight ${this.#weight.name} has no static shape`);
    const kind = node.string("op", "Conv");
    if (kind === "Gemm" && node.int("transB", 0) === 0) return vector;
    const ones = shape.slice(2).map(() => 1);
    if (kind !== "ConvTranspose") return op.Reshape([vector, this.#ints([-1, ...shape.slice(1).map(() => 1)])]);
    const [inputs, perGroup] = [shape[0]!, shape[1]!];
    const groups = node.int("group", 1);
    if (groups === 1) return op.Reshape([vector, this.#ints([1, -1, ...ones])]);
    const byGroup = op.Reshape([vector, this.#ints([groups, 1, perGroup])]);
    const repeated = op.Expand([byGroup, this.#ints([groups, inputs / groups, perGroup])]);
    return op.Reshape([repeated, this.#ints([inputs, perGroup, ...ones])]);
  }

  #ints(values: readonly number[]): Value {
    return this.#editor.initializer(Tensor.of("int64", values), "shape");
  }

  #scalar(value: number, name: string): Value {
    return this.#editor.initializer(Tensor.scalar("float", value), name);
  }
}
