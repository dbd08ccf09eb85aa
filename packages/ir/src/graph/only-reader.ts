import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/** The node that reads a value, where it does so once and nothing else does: null for results of the graph and other values. */
export function onlyReader(value: Value): Node | null {
  return value.uses.size === 1 && !value.isGraphOutput ? [...value.uses][0]!.node : null;
}
