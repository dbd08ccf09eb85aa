import { hasTrait, type Node } from "@lowbit/ir";

/**
 * Whether the results of a node are elements of its first operand, or zeros, which every zero point has a code for, so that
 * it gives on codes what it gives on floats.
 */
export function movesElements(node: Node): boolean {
  if (node.is("Resize")) return node.string("mode", "nearest") === "nearest";
  return hasTrait(node, "keepsScale") || padsWithZeros(node);
}

/** Whether a node is a Pad whose new elements are 0. */
export function padsWithZeros(node: Node): boolean {
  if (!node.is("Pad") || node.string("mode", "constant") !== "constant") return false;
  const fill = node.inputs[2] ?? null;
  return fill === null || fill.constant?.item() === 0;
}
