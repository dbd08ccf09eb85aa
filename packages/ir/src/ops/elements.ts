import type { Value } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import { isFloat, isInteger, type Dim } from "../types.ts";

/** Most elements of a value that shape arithmetic follows. */
export const maxElements = 64;

/** Known elements of a small rank-0 or rank-1 value: shape arithmetic's view of it. Bools are 0 and 1. */
export function knownElements(value: Value | null): readonly Dim[] | null {
  if (value === null) return null;
  return value.elements ?? elementsOfTensor(constantOf(value));
}

/** The elements of a small tensor of rank 0 or 1, or null for others. */
export function elementsOfTensor(data: Tensor | null): readonly Dim[] | null {
  if (!data || data.dims.length > 1 || data.size > maxElements) return null;
  if (!isInteger(data.dtype) && !isFloat(data.dtype) && data.dtype !== "bool") return null;
  return [...data.numbers()];
}

/** The data of an initializer that is safe to fold, or of a Constant node. */
export function constantOf(value: Value | null): Tensor | null {
  if (value === null) return null;
  return value.constant ?? (value.producer?.is("Constant") ? value.producer.tensor("value") : null);
}
