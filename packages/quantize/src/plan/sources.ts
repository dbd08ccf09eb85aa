import { hasTrait, type Node, type Value } from "@lowbit/ir";
import type { SharingGroup, SharingGroups } from "./sharing.ts";
import { isUse, valueOf } from "./spec.ts";

/** The values whose ranges together make the range of a group, each once. */
export interface GroupSources {
  /** Computed, or fed by the caller. */
  readonly activations: readonly Value[];
  /** Data of the model. */
  readonly data: readonly Value[];
}

/**
 * What must be observed for a group. A value that an op only picked from operands of the same group is covered by them,
 * and an operand by the value that it reads.
 */
export function sourcesOf(group: SharingGroup, groups: SharingGroups): GroupSources {
  const activations = new Set<Value>();
  const data = new Set<Value>();
  for (const point of group.members) {
    const value = valueOf(point);
    if (value === null || (isUse(point) && groups.of(value) === group)) continue;
    if (value.initializer && !value.isGraphInput) data.add(value);
    else if (isUse(point) || !value.producer || !isPickedFrom(value.producer, group, groups)) activations.add(value);
  }
  return { activations: [...activations], data: [...data] };
}

/** Whether the results of a node are elements of its operands, all of which belong to the group. */
function isPickedFrom(node: Node, group: SharingGroup, groups: SharingGroups): boolean {
  if (!hasTrait(node, "keepsScale")) return false;
  const quantized = node.operands.filter((use) => groups.of(use) !== null);
  const [first] = node.operands;
  return first !== undefined && quantized.includes(first) && quantized.every((use) => groups.of(use) === group);
}
