import { tensorType, type AttributeInput, type Value } from "@lowbit/ir";
import { blockedDomain } from "@lowbit/runtime";
import { dims, type LegalizeContext } from "./legalization.ts";

/** Data [N, C, H, W] in ONNX Runtime's blocks of channels, the last one filled up with zeros; made once per value. */
export function dataInBlocks({ editor, inBlocks: known, block }: LegalizeContext, value: Value): Value {
  const [batch, channels, ...plane] = dims(value);
  const types = [tensorType("float", [batch!, Math.ceil(channels! / block) * block, ...plane])];
  const made = known.get(value) ?? editor.node("ReorderInput", [value], {}, { domain: blockedDomain, types }).output;
  known.set(value, made);
  return made;
}

/**
 * A convolution on blocks of channels, brought back into the order of channels.
 *
 * @param filled output channels, those among them that fill up the last block
 * @param shape of the result, [N, C, H, W], without these
 */
export function convolutionInBlocks(
  { editor }: LegalizeContext,
  operands: readonly (Value | null)[],
  attributes: Readonly<Record<string, AttributeInput>>,
  filled: number,
  shape: readonly number[],
): Value {
  const [batch, channels, ...plane] = shape as readonly [number, number, ...number[]];
  const request = (count: number) => ({
    domain: blockedDomain,
    types: [tensorType("float", [batch, count, ...plane])],
  });
  const blocked = editor.node("Conv", operands, attributes, request(filled)).output;
  return editor.node("ReorderOutput", [blocked], { channels }, request(channels)).output;
}
