import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/value.ts";
import { Tensor } from "../tensor.ts";
import { isFloat, isInteger, isStatic, type Dim } from "../types.ts";

/** Most elements of a value that shape arithmetic follows. */
export const maxElements = 64;

/** Known elements of a small rank-0 or rank-1 value: shape arithmetic's view of it. Bools are 0 and 1. */
export function knownElements(value: Value | null): readonly Dim[] | null {
  return value !== null && value.shape !== null && value.shape.length <= 1 ? flatElements(value) : null;
}

/** Known elements of a small value of any rank and static shape, in row-major order. */
export function flatElements(value: Value | null): readonly Dim[] | null {
  if (value === null || !isStatic(value.shape)) return null;
  return value.elements ?? elementsOfTensor(constantOf(value));
}

/** The elements of a small tensor in row-major order, or null for others. */
export function elementsOfTensor(data: Tensor | null): readonly Dim[] | null {
  if (!data || data.size > maxElements) return null;
  if (!isInteger(data.dtype) && !isFloat(data.dtype) && data.dtype !== "bool") return null;
  return [...data.numbers()];
}

/** The data of an initializer that is safe to fold, or of a Constant node. */
export function constantOf(value: Value | null): Tensor | null {
  if (value === null) return null;
  return value.constant ?? (value.producer?.is("Constant") ? dataOfConstant(value.producer) : null);
}

/** The tensor a Constant node stands for; null for strings and sparse tensors. */
export function dataOfConstant(node: Node): Tensor | null {
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === "tensor") return attribute.value;
    if (attribute.kind === "int") return Tensor.scalar("int64", attribute.value);
    if (attribute.kind === "ints") return Tensor.of("int64", attribute.value);
    if (attribute.kind === "float") return Tensor.scalar("float", attribute.value);
    if (attribute.kind === "floats") return Tensor.of("float", attribute.value);
  }
  return null;
}
