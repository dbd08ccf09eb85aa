import type { Value } from "../graph/value.ts";
import type { Dim, ValueType } from "../types.ts";

/** The symbol for a dimension of a value that is only known when the model runs; unique as the value's name is. */
export function ownSymbol(value: Value, axis: number): string {
  return `${value.name}__dim${axis}`;
}

/** Whether a dimension is a symbol that inference made for something it could not tell. */
export function isOwnSymbol(dim: Dim): boolean {
  return typeof dim === "string" && /__dim\d+$/.test(dim);
}

/** A type with a symbol of the value's own for every dimension that is unknown. */
export function withOwnSymbols(type: ValueType, value: Value): ValueType {
  if (type.kind !== "tensor" || !type.shape?.includes(null)) return type;
  return { ...type, shape: type.shape.map((dim, axis) => dim ?? ownSymbol(value, axis)) };
}
