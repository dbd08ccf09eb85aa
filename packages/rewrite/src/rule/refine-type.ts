import type { Dim, Shape, ValueType } from "@lowbit/ir";

/**
 * What is known about a value when two descriptions of its type hold at once; null when they contradict each other (other
 * kind, dtype, rank or size). A known size wins over a symbol, a symbol of `a` over one of `b`.
 */
export function refineType(a: ValueType | null, b: ValueType | null): { readonly type: ValueType | null } | null {
  if (a === null || b === null) return { type: a ?? b };
  if (a.kind !== b.kind) return null;
  if (a.kind !== "tensor" || b.kind !== "tensor") return { type: b };
  if (a.dtype !== b.dtype) return null;
  if (a.shape === null || b.shape === null) return { type: { ...a, shape: a.shape ?? b.shape } };
  const shape = refineShape(a.shape, b.shape);
  return shape && { type: { ...a, shape } };
}

function refineShape(a: Shape, b: Shape): Shape | null {
  if (a.length !== b.length) return null;
  const dims: Dim[] = [];
  for (const [axis, dim] of a.entries()) {
    const other = b[axis]!;
    if (typeof dim === "number" && typeof other === "number" && dim !== other) return null;
    dims.push(typeof other === "number" ? other : (dim ?? other));
  }
  return dims;
}
