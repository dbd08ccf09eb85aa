import { elementCount, type Attribute, type AttributeInput, type Node, type Value } from "@lowbit/ir";
import { any, constant, op, optional, Reject, type ConstantValue, type Pattern } from "@lowbit/rewrite";

/** A first operand that is read as codes. */
export interface FirstOperand {
  readonly a: Value;
  readonly aScale: ConstantValue;
  readonly aZero: ConstantValue;
  readonly aDequantize: Node;
}

/** A second operand that is read as codes; one scale, or one per channel, which may still be computed by the graph. */
export interface SecondOperand {
  readonly b: Value;
  readonly bScale: Value;
  readonly bZero: Value;
  readonly bDequantize: Node;
}

/** Matches what reads codes as `a`. */
export const codesA: Pattern<FirstOperand> = op("DequantizeLinear", [any("a"), constant("aScale"), constant("aZero")], {
  as: "aDequantize",
  shared: true,
});

/** Matches what reads codes as `b`. */
export const codesB: Pattern<SecondOperand> = op("DequantizeLinear", [any("b"), any("bScale"), any("bZero")], {
  as: "bDequantize",
  shared: true,
});

/** A bias in int32, under the scale of the product. */
export const codesOfBias = optional(op("DequantizeLinear", [any("bias"), any("biasScale"), any()], { shared: true }));

/** Whether a scale is one number for the whole tensor. */
function isPerTensor(scale: Value): boolean {
  return elementCount(scale.shape) === 1;
}

/** Why an operand cannot be given to an integer operator that takes one scale for all of it; null when it can. */
export function onlyPerTensor(...scales: readonly Value[]): Reject | null {
  const found = scales.find((scale) => !isPerTensor(scale));
  return found ? new Reject("has more than one scale", found) : null;
}

/** Why a weight's scales do not run along an axis of it; null when they do, or when there is one only. */
export function onlyAlong(axis: number, scale: Value, dequantize: Node): Reject | null {
  if (isPerTensor(scale)) return null;
  const rank = dequantize.output.shape?.length ?? 0;
  if (dequantize.int("block_size", 0) !== 0 || scale.shape?.length !== 1) {
    return new Reject("has a scale per block", scale);
  }
  const own = dequantize.int("axis", 1);
  return (own < 0 ? own + rank : own) === axis ? null : new Reject(`has scales along axis ${own}, not ${axis}`, scale);
}

/** Why a bias is not in the scale that integer products sum in; null when it is, or when there is none. */
export function onlyInSumScale(
  biasScale: Value | null | undefined,
  aScale: ConstantValue,
  bScale: Value,
): Reject | null {
  if (!biasScale || isProductOf(biasScale, aScale, bScale)) return null;
  return new Reject("is not the product of the scales of data and weight", biasScale);
}

function isProductOf(product: Value, a: ConstantValue, b: Value): boolean {
  if (!product.constant || !b.constant)
    return product.producer?.is("Mul") === true && readsBoth(product.producer, a, b);
  const [own, data, weight] = [product.constant, a.constant, b.constant].map((scale) => scale.numbers());
  return own!.every((scale, i) => {
    const sum = data![0]! * weight![weight!.length === 1 ? 0 : i]!;
    return Math.abs(scale - sum) <= 1e-6 * sum;
  });
}

/** Whether a node multiplies a scale that the graph computes by a constant one. */
function readsBoth({ inputs }: Node, a: ConstantValue, b: Value): boolean {
  return (
    inputs.includes(b) &&
    inputs.some((value) => value?.constant?.size === 1 && value.constant.item() === a.constant.item())
  );
}

/** The attributes of a node, to build another one with. */
export function attributesOf(node: Node, ...without: readonly string[]): Readonly<Record<string, AttributeInput>> {
  const entries: [string, Attribute][] = [...node.attributes].filter(([name]) => !without.includes(name));
  return Object.fromEntries(entries);
}
