import type { AttributeInput, Tensor, Value } from "@lowbit/ir";
import { any, constant, op, optional, Reject, type CapturesOf, type RewriteContext } from "@lowbit/rewrite";

/** The direct kernel for codes takes multiples of so many input channels; for others each window is gathered first. */
export const readAtOnce = 4;

/** Output channels below which that kernel is not used: it works on blocks of so many. */
export const leastOutputs = 16;

/**
 * Elements of the largest window of a convolution of few channels that channels of zeros are added to: behind larger ones
 * the added products cost more than the gathering.
 */
export const largestPadded = 9;

/** Conv(DQ(x), DQ(w), bias) with weights that are data: what runs on integers. */
export const integerConvolution = op(
  "Conv",
  [
    op("DequantizeLinear", [any("codes"), constant("scale"), constant("zero")], { as: "x" }),
    op("DequantizeLinear", [constant("weight"), constant("weightScale"), constant("weightZero")], { as: "w" }),
    optional(any("bias")),
  ],
  { as: "conv" },
);

/** What the pattern captures. */
export type IntegerConvolution = CapturesOf<typeof integerConvolution>;

/** Why no integer kernel reads an operand with this zero point; null if one does. */
export function operandObjection(zero: Tensor): string | null {
  if (zero.size !== 1) return "its operand has a scale per channel";
  return zero.dtype === "uint8" || zero.dtype === "int8" ? null : `its operand has codes of ${zero.dtype}`;
}

/** Why a convolution's operands are none that zeros can be put between, as codes of 0; null if they are. */
export function zeroObjection({
  zero,
  weight,
  weightZero,
  conv,
}: Pick<IntegerConvolution, "zero" | "weight" | "weightZero" | "conv">): Reject | null {
  const objection = operandObjection(zero.constant);
  if (objection) return new Reject(objection, conv);
  if (weightZero.constant.numbers().every((each) => each === 0)) return null;
  return new Reject("its zero code is not 0", weight);
}

/** The same convolution of other codes and weights, which have the scales that they had. */
export function convolutionOf(
  { scale, zero, x, weight, weightScale, weightZero, w, bias, conv }: IntegerConvolution,
  { codes, weights }: { readonly codes: Value; readonly weights: Tensor },
  context: RewriteContext,
  attributes: Readonly<Record<string, AttributeInput>> = {},
): Value {
  const image = context.like(x, [codes, scale, zero]);
  const filters = context.like(w, [context.constant(weights, weight), weightScale, weightZero]);
  return context.like(conv, [image, filters, ...(bias ? [bias] : [])], attributes);
}
