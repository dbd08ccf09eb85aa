import { hasTrait, type Node } from "@lowbit/ir";

/** Whether the results of a node are elements of its first operand, so that it gives on codes what it gives on floats. */
export function movesElements(node: Node): boolean {
  return hasTrait(node, "keepsScale") || (node.is("Resize") && node.string("mode", "nearest") === "nearest");
}
