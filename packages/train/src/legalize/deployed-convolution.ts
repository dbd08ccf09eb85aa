import { hasTrait, type Value } from "@lowbit/ir";
import { convolutionInBlocks, dataInBlocks, weightsInBlocks } from "./blocks-of-channels.ts";
import { dims, ints, type LegalizeContext } from "./legalization.ts";
import type { StaticWindow } from "./window.ts";

/** ONNX Runtime reorders channels in groups of so many: what does not divide by it stays as it is. */
const reordered = 4;

/** How a convolution's weights are laid out for blocks of channels, and how many blocks they fill. */
interface BlockedWeights {
  /** Whether the data is in blocks of channels too; data of few channels is read as it is. */
  readonly blocksIn: boolean;
  readonly outChannels: number;
  /** Input channels per group, zeros included. */
  readonly inChannels: number;
  readonly group: number;
}

/**
 * A float convolution whose weights change, in the kernel that ONNX Runtime takes for the deployed model, where the same
 * weights are constants: the one on blocks of channels (NCHWc), which sums in another order than the plain one. Weights are
 * laid out in the graph as ONNX Runtime lays out constants. Null where the deployed convolution is a plain one too, and where
 * weights do not change.
 *
 * The conditions are those of
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/nchwc_transformer.cc
 */
export function deployedConvolution(
  context: LegalizeContext,
  [x, w, bias]: readonly [Value, Value, Value | null],
  window: StaticWindow,
  group: number,
  output: readonly number[],
): Value | null {
  const [outChannels] = dims(w);
  const form = becomesConstant(w) ? blockedWeights(context.block, dims(w), group) : null;
  if (!form) return null;
  const filters = weightsInBlocks(context, padded(context, w, [form.outChannels, form.inChannels]), form.blocksIn);
  const data = form.blocksIn ? dataInBlocks(context, x) : x;
  const attributes = {
    group: form.group,
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...window.padsEnd],
  };
  const operands = [data, filters, bias ? padded(context, bias, [form.outChannels]) : null];
  return convolutionInBlocks(context, operands, attributes, form.outChannels, [dims(x)[0]!, outChannels!, ...output]);
}

/** Whether weights change now and are constants when deployed. Codes of 4 bits are none: ONNX Runtime dequantizes them in every run. */
function becomesConstant(w: Value): boolean {
  let node = w.producer;
  while (node && hasTrait(node, "keepsScale")) node = node.input.producer;
  return w.constant === null && !node?.is("DequantizeLinear");
}

/** How ONNX Runtime would lay out weights [out, in / group, kh, kw]; null where it leaves them. */
function blockedWeights(block: number, weights: readonly number[], group: number): BlockedWeights | null {
  if (block === 1 || weights.length !== 4) return null;
  const [out, perGroup] = weights as [number, number];
  const whole = (channels: number): number => Math.ceil(channels / block) * block;
  if (group === 1) {
    if (perGroup < block) return { blocksIn: false, outChannels: whole(out), inChannels: perGroup, group };
    if (perGroup % reordered !== 0) return null;
    return { blocksIn: true, outChannels: whole(out), inChannels: whole(perGroup), group };
  }
  if (out % reordered !== 0) return null;
  if (perGroup === 1 && out === group) {
    return { blocksIn: true, outChannels: whole(out), inChannels: 1, group: whole(out) };
  }
  const fills = perGroup % block === 0 && out % group === 0 && (out / group) % block === 0;
  return fills ? { blocksIn: true, outChannels: out, inChannels: perGroup, group } : null;
}

/** A tensor with zeros behind its first axes, up to the given sizes. */
function padded({ op, editor }: LegalizeContext, value: Value, sizes: readonly number[]): Value {
  const behind = dims(value).map((size, axis) => (sizes[axis] ?? size) - size);
  if (behind.every((zeros) => zeros === 0)) return value;
  return op.Pad([value, ints(editor, [...behind.map(() => 0), ...behind], "zeros_behind")]);
}
