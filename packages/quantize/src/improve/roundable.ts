import type { Node } from "@lowbit/ir";
import type { SharingGroup, SharingGroups } from "../plan/sharing.ts";
import { valueOf } from "../plan/spec.ts";
import { WeightRows } from "./weight-rows.ts";

/** The rows of a quantized layer's weight whose codes may be chosen, or why they stay as they are. */
export function roundable(node: Node, group: SharingGroup, groups: SharingGroups): WeightRows | string {
  const value = node.inputs[1]!;
  if (group.members.some((point) => valueOf(point) !== value))
    return "its weights share their scales with other values";
  const rows = WeightRows.of(node);
  if (typeof rows === "string") return rows;
  const isGroup = (reader: Node): boolean => (groups.of(reader.operands[1]!) ?? groups.of(value)) === group;
  return rows.readers.every(isGroup) ? rows : "other layers read its weights in other codes";
}
