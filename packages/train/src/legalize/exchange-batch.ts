import type { Value } from "@lowbit/ir";
import { dims, type LegalizeContext } from "./legalization.ts";

/** [N, C, ...] as [C, N, ...], or back. */
export function exchangeBatch({ op }: LegalizeContext, x: Value): Value {
  return op.Transpose([x], { perm: dims(x).map((_, axis) => (axis < 2 ? 1 - axis : axis)) });
}
