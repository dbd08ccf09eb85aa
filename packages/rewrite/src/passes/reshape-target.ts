import { type Dim, type Shape } from "@lowbit/ir";

/**
 * The second operand of a Reshape that turns `from` into `to`: numbers where known, 0 where a dimension is the one at the
 * same place of `from`, and -1 for at most one other. Null when that is not enough.
 */
export function reshapeTarget(from: Shape | null, to: readonly Dim[]): readonly number[] | null {
  // With a dimension of size zero, 0 would be read as a copy and -1 could not be computed.
  if (to.includes(0)) return null;
  let wild = 0;
  const target = to.map((dim, axis) => {
    if (typeof dim === "number") return dim;
    if (dim !== null && from?.[axis] === dim) return 0;
    wild++;
    return -1;
  });
  return wild > 1 || (wild === 1 && to.includes(-1)) ? null : target;
}
