import type { AttributeInput, Tensor, Value } from "@lowbit/ir";
import { any, constant, op, optional, type CapturesOf, type RewriteContext } from "@lowbit/rewrite";

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
