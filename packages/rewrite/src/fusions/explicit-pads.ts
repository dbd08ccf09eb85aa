import type { Node } from "@lowbit/ir";

/** The padding of a convolution or pooling node, `[begin…, end…]`; null when it depends on the operand's size. */
export function explicitPads(node: Node, spatialRank: number): readonly number[] | null {
  const zeros = Array.from({ length: 2 * spatialRank }, () => 0);
  const mode = node.string("auto_pad", "NOTSET") || "NOTSET";
  if (mode === "VALID") return zeros;
  return mode === "NOTSET" ? node.ints("pads", zeros) : null;
}
