import { hasTrait, type Node } from "@lowbit/ir";

/**
 * Whether the results of a node are elements of its first operand, or zeros, which every zero point has a code for, so that
 * it gives on codes what it gives on floats.
 */
export function movesElements(node: Node): boolean {
  if (node.is("Resize")) return takesNearest(node);
  return hasTrait(node, "keepsScale") || padsWithZeros(node);
}

/** Whether each element of a Resize is the nearest one; an image that is cut out may be filled up with a number. */
function takesNearest(node: Node): boolean {
  const coordinates = node.string("coordinate_transformation_mode", "half_pixel");
  return node.string("mode", "nearest") === "nearest" && coordinates !== "tf_crop_and_resize";
}

/** Whether a node is a Pad whose new elements are 0. */
export function padsWithZeros(node: Node): boolean {
  if (!node.is("Pad") || node.string("mode", "constant") !== "constant") return false;
  const fill = node.inputs[2] ?? null;
  return fill === null || fill.constant?.item() === 0;
}
