import { tensorType, type AttributeInput, type Value } from "@lowbit/ir";
import { blockedDomain } from "@lowbit/runtime";
import { dims, reshape, type LegalizeContext } from "./legalization.ts";

/** Data [N, C, H, W] in ONNX Runtime's blocks of channels, the last one filled up with zeros; made once per value. */
export function dataInBlocks({ editor, inBlocks: known, block }: LegalizeContext, value: Value): Value {
  const [batch, channels, ...plane] = dims(value);
  const types = [tensorType("float", [batch!, Math.ceil(channels! / block) * block, ...plane])];
  const made = known.get(value) ?? editor.node("ReorderInput", [value], {}, { domain: blockedDomain, types }).output;
  known.set(value, made);
  return made;
}

/**
 * Weights [O, I, kh, kw] as [O / block, I / block, kh, kw, block of I, block of O] where the data is in blocks, and as
 * [O / block, I, kh, kw, block of O] where it is not or a group has one channel, under the shape they had. Both are what
 * ReorderInput makes of data, on all threads. (64 to 64 channels, 3x3: 0.04 ms, as a Transpose 0.38.)
 */
export function weightsInBlocks(context: LegalizeContext, w: Value, blocksIn: boolean): Value {
  const { block } = context;
  const [out, perGroup, ...kernel] = dims(w);
  const inner = blocksIn && perGroup! > 1 ? reordered(context, w) : w;
  const taps = kernel.reduce((a, b) => a * b, perGroup!);
  const outer = reordered(context, reshape(context, inner, [out! / block, block, taps, 1]));
  return reshape(context, outer, dims(w));
}

function reordered({ editor }: LegalizeContext, value: Value): Value {
  const types = [tensorType("float", dims(value))];
  return editor.node("ReorderInput", [value], {}, { domain: blockedDomain, types }).output;
}

/**
 * A convolution on blocks of channels, brought back into the order of channels.
 *
 * @param filled output channels, those among them that fill up the last block
 * @param shape of the result, [N, C, H, W], without these
 */
export function convolutionInBlocks(
  context: LegalizeContext,
  operands: readonly (Value | null)[],
  attributes: Readonly<Record<string, AttributeInput>>,
  filled: number,
  shape: readonly number[],
): Value {
  const [batch, , ...plane] = shape as readonly [number, number, ...number[]];
  return outOfBlocks(context, nodeInBlocks(context, "Conv", operands, attributes, [batch, filled, ...plane]), shape);
}

/** A node of ONNX Runtime's on blocks of channels; its result is typed as if these were in order. */
export function nodeInBlocks(
  { editor }: LegalizeContext,
  op: "Conv" | "MaxPool",
  operands: readonly (Value | null)[],
  attributes: Readonly<Record<string, AttributeInput>>,
  shape: readonly number[],
): Value {
  const types = [tensorType("float", shape)];
  return editor.node(op, operands, attributes, { domain: blockedDomain, types }).output;
}

/** What is in blocks of channels in the order of channels, [N, C, H, W]; who wants blocks of it takes those it came from. */
export function outOfBlocks({ editor, inBlocks }: LegalizeContext, blocks: Value, shape: readonly number[]): Value {
  const request = { domain: blockedDomain, types: [tensorType("float", shape)] };
  const plain = editor.node("ReorderOutput", [blocks], { channels: shape[1]! }, request).output;
  inBlocks.set(plain, blocks);
  return plain;
}
