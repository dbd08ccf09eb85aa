import type { BodyOperands } from "../ops/define-op.ts";
import { joinTypes } from "../ops/type-join.ts";
import { sameType, tensorType, type ValueType } from "../types.ts";

/**
 * Types of a body's inputs that also hold what the body hands to its next iteration; null when the given ones do
 * already. A dimension that an iteration changes becomes unknown, so repeating this ends.
 */
export function generalized(plan: BodyOperands): readonly (ValueType | null)[] | null {
  const inputs = [...plan.inputs];
  let changed = false;
  for (const [output, input] of plan.feedback) {
    const before = inputs[input] ?? null;
    const after = feedBack(before, plan.body.outputs[output]?.type ?? null);
    if (sameType(before, after)) continue;
    inputs[input] = after;
    changed = true;
  }
  return changed ? inputs : null;
}

function feedBack(before: ValueType | null, next: ValueType | null): ValueType | null {
  if (before === null) return null;
  if (next === null) return before.kind === "tensor" ? tensorType(before.dtype, null) : before;
  const joined = joinTypes(before, next);
  return joined ?? before;
}
