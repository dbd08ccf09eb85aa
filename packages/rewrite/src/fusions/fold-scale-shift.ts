import { Tensor, type Node, type Value } from "@lowbit/ir";
import type { ConstantValue } from "../pattern/constant.ts";
import { Reject, type RewriteContext } from "../rule/rule.ts";
import { outputChannels, scaledByOutput } from "./linear-op.ts";
import type { ScaleShift } from "./scale-shift.ts";

/** A linear node with a constant weight and, if any, a constant bias. */
export interface LinearMatch {
  readonly linear: Node;
  readonly w: ConstantValue;
  readonly b: ConstantValue | null;
}

/**
 * scale · L(x, W, b) + shift  →  L(x, W · scale, b · scale + shift), with one scale and shift per output channel.
 *
 * The weight must not be shared: folding would then double it instead of saving a node.
 */
export function foldScaleShift(
  match: LinearMatch,
  { scale, shift }: ScaleShift,
  context: RewriteContext,
): Value | Reject {
  const { linear, w, b } = match;
  if (w.uses.size > 1) return new Reject("weight is shared with another node", w);
  const channels = outputChannels(linear, w.constant);
  if (scale.length !== channels)
    return new Reject(`has ${scale.length} scales for ${channels} output channels`, linear);
  const bias = b === null ? new Float64Array(channels) : channelBias(b.constant, channels);
  if (b !== null && bias === null) return new Reject("bias is not one number per output channel", b);
  const dtype = w.constant.dtype;
  const isScaled = scale.some((value) => value !== 1);
  const weight = isScaled
    ? context.constant(Tensor.of(dtype, scaledByOutput(linear, w.constant, scale), w.constant.dims), w)
    : w;
  const beta = linear.is("Gemm") ? linear.float("beta", 1) : 1;
  const folded = bias!.map((value, c) => value * beta * scale[c]! + shift[c]!);
  const hasBias = b !== null || folded.some((value) => value !== 0);
  if (!hasBias) return context.like(linear, [linear.input, weight]);
  const biasValue = context.constant(Tensor.of(dtype, folded), b ?? `${w.name}_bias`);
  if (linear.is("MatMul")) return context.op.Gemm([linear.input, weight, biasValue]);
  return context.like(linear, [linear.input, weight, biasValue], beta === 1 ? {} : { beta: 1 });
}

/** A bias as one number per channel; null when it also varies along another axis. */
function channelBias(bias: Tensor, channels: number): Float64Array | null {
  const values = bias.numbers();
  if (values.length === 1) return new Float64Array(channels).fill(values[0]!);
  return values.length === channels && bias.dims.at(-1) === channels ? values : null;
}
