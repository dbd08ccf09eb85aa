import { sameType, type Node, type Value } from "@lowbit/ir";
import { Reject } from "../rule/rule.ts";

/** The refusal of a match in which constants give the root another type than `x` has; null when the types are the same. */
export function widened(root: Node, x: Value): Reject | null {
  if (x.shape !== null && sameType(root.output.type, x.type)) return null;
  return new Reject("has another type than its operand", root);
}
