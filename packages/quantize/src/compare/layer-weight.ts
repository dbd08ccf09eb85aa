import { operandRole, schemaOf, Tensor, type Node, type Value } from "@lowbit/ir";
import type { CodeGrid } from "../analyze/code-statistics.ts";
import { gridAt } from "./codes.ts";
import { withColumnsBack } from "./columns-as-channels.ts";
import type { ModelData } from "./model-data.ts";
import { gridOfFirst, withPixelsBack } from "./pixels-as-channels.ts";
import { scaledProduct } from "./scaled-product.ts";
import { withStridesBack } from "./strides-as-channels.ts";
import { withoutZeroChannels } from "./zero-channels.ts";

/** The weights of a layer as floats. */
export interface LayerWeight {
  /** Sizes, as the file has them but for what a backend changed for its kernels. */
  readonly dims: readonly number[];
  /** How the codes stand that it is made of; null for float weights. */
  readonly grid: CodeGrid | null;
  /** Axis of the output channels. */
  readonly channelAxis: number;
  /** The numbers, a normalization behind the layer folded in. */
  read(): Tensor;
}

/** Ops that take codes of weights with a scale: the operands of both. */
const codedWeights: Readonly<Record<string, { readonly codes: number; readonly scale: number }>> = {
  QLinearConv: { codes: 3, scale: 4 },
  QLinearMatMul: { codes: 3, scale: 4 },
  QGemm: { codes: 3, scale: 4 },
};

/** Codes of weights, and the operand that scales them. */
interface CodedWeight {
  readonly codes: Value;
  readonly scaling: Node;
  readonly at: number;
}

function codedWeight(node: Node): CodedWeight | null {
  const coded = codedWeights[node.op];
  if (coded) return { codes: node.inputs[coded.codes]!, scaling: node, at: coded.scale };
  const scales = scaledProduct(node)?.scales;
  return scales ? { codes: node.inputs[1]!, scaling: scales, at: 1 } : null;
}

/** The weights of a node; null where it has none, or only a run tells them. @param behind nodes that belong to its layer */
export function layerWeight(node: Node, behind: readonly Node[], data: ModelData): LayerWeight | null {
  const isTransposed = node.op.endsWith("Gemm") && node.int("transB", 0) === 1;
  const isConvolution = node.op.includes("Conv");
  const channelAxis = isConvolution || isTransposed ? 0 : 1;
  const coded = codedWeight(node);
  if (coded) {
    const tensor = weightData(node, data);
    const grid = gridAt(coded.scaling, coded.at, coded.codes, data);
    if (!tensor || !grid) return null;
    const own = isConvolution ? ownWeights(node, tensor, data) : tensor;
    const along = gridOfFirst({ ...grid, axis: grid.axis === null ? null : channelAxis }, own.dims[channelAxis]!);
    return { dims: own.dims, grid: along, channelAxis, read: () => dequantized(own, along) };
  }
  const value = weightOperand(node);
  const all = weightData(node, data);
  if (!value || !all || all.dims.length < 2) return null;
  const tensor = node.op === "Conv" ? ownWeights(node, all, data) : all;
  const rounding = value.producer?.is("DequantizeLinear") ? value.producer : null;
  const whole = rounding && gridAt(rounding, 1, rounding.input, data);
  const grid = whole && gridOfFirst(whole, tensor.dims[channelAxis]!);
  const folded = behind.find(({ op }) => op === "BatchNormalization");
  const read = (): Tensor => (folded && isConvolution ? normalized(tensor, folded, data) : tensor);
  return { dims: tensor.dims, grid, channelAxis, read };
}

/** The weights of a node as its operand has them, codes or floats; null where it has none, or only a run tells them. */
export function weightData(node: Node, data: ModelData): Tensor | null {
  const value = weightOperand(node);
  return value && data.of(value);
}

function weightOperand(node: Node): Value | null {
  const coded = codedWeight(node);
  if (coded) return coded.codes;
  const schema = schemaOf(node.op, node.domain);
  if (!schema?.traits.includes("linear")) return null;
  const use = node.operands.find((each) => operandRole(schema, each.index).role === "weight");
  return use ? (node.inputs[use.index] ?? null) : null;
}

/** Weights of a convolution without what backends did to them for their kernels. */
function ownWeights(convolution: Node, weight: Tensor, data: ModelData): Tensor {
  const own = withPixelsBack(convolution, weight, data) ?? weight;
  return withStridesBack(convolution, own, data) ?? withColumnsBack(convolution, own, data) ?? withoutZeroChannels(own);
}

/** Codes as floats; one scale, or one per index of an axis. */
export function dequantized(codes: Tensor, { scale, zeroPoint, axis }: CodeGrid): Tensor {
  const inner = axis === null ? 1 : codes.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const count = axis === null ? 1 : codes.dims[axis]!;
  const floats = new Float32Array(codes.size);
  const numbers = codes.numbers();
  for (let i = 0; i < floats.length; i++) {
    const at = axis === null ? 0 : Math.floor(i / inner) % count;
    floats[i] = (numbers[i]! - (zeroPoint[at] ?? 0)) * scale[at]!;
  }
  return Tensor.fromTyped("float", codes.dims, floats);
}

/** Weights times gamma / √(variance + epsilon) of their output channel. */
function normalized(weight: Tensor, node: Node, data: ModelData): Tensor {
  const [, gamma, , , variance] = node.inputs.map((value) => value && data.of(value)?.numbers());
  if (!gamma || !variance) return weight;
  const factors = [...gamma].map((each, i) => each / Math.sqrt(variance[i]! + node.float("epsilon", 1e-5)));
  const perChannel = weight.size / factors.length;
  const numbers = weight.numbers();
  return Tensor.of(
    "float",
    numbers.map((each, i) => each * factors[Math.floor(i / perChannel)]!),
    weight.dims,
  );
}
