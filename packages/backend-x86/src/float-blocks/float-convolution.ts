import { onlyReader, type Node, type Tensor, type Value } from "@lowbit/ir";

/** A float convolution of images whose weights are data, which ONNX Runtime computes on blocks of channels. */
export interface FloatConvolution {
  readonly node: Node;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  /** Whether it convolves each channel by itself, into one. */
  readonly isDepthwise: boolean;
}

/** A node as such a convolution; null if it is none: codes have a DequantizeLinear before the weights. */
export function floatConvolution(node: Node): FloatConvolution | null {
  if (!node.is("Conv")) return null;
  const [, weights, biases] = node.inputs;
  const [weight, bias] = [weights?.constant ?? null, biases?.constant ?? null];
  if (weight?.dtype !== "float" || weight.dims.length !== 4 || (biases && bias === null)) return null;
  const [group, [outputs, inputs]] = [node.int("group", 1), weight.dims];
  const isDepthwise = group > 1 && group === outputs && inputs === 1;
  return group === 1 || isDepthwise ? { node, weight, bias, isDepthwise } : null;
}

/** Float ops that have blocks of channels as they get them, for one operand or several of one shape. */
export const keepBlocks: ReadonlySet<string> = new Set(["Add", "Mul", "Relu", "Sigmoid", "Tanh"]);

/** Activations that have blocks of channels only where the convolution before takes them in. */
const takenIn: ReadonlySet<string> = new Set(["HardSigmoid", "HardSwish", "LeakyRelu"]);

/** Float ops that work on full blocks of channels. */
export const poolBlocks: ReadonlySet<string> = new Set(["AveragePool", "GlobalAveragePool", "MaxPool"]);

/** The images that a float op takes element by element, all of the shape of its result; null for other ops. */
export function elementwiseOperands(node: Node): readonly Value[] | null {
  if (node.is("Clip") || isTakenIn(node)) return [node.input];
  const { op, domain, inputs, output } = node;
  if (domain !== "" || !keepBlocks.has(op)) return null;
  const isAlike = (value: Value | null): value is Value =>
    value !== null && String(value.shape) === String(output.shape);
  return inputs.every(isAlike) ? inputs : null;
}

function isTakenIn(node: Node): boolean {
  if (node.domain !== "" || !takenIn.has(node.op)) return false;
  const { producer } = node.input;
  return producer !== null && floatConvolution(producer) !== null && onlyReader(node.input) === node;
}
