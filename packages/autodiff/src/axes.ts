import { axisFromFirst, isInteger, type Node, type Value } from "@lowbit/ir";
import { rankOf } from "./constant-pool.ts";

/** An axis counted from the first; `value` gives the rank where the axis is negative. */
export function axisOf(axis: number, value: Value): number {
  return axisFromFirst(axis, rankOf(value));
}

/** Integers of an operand where they are known before the run, else null. */
export function integersOf(value: Value | null | undefined): readonly number[] | null {
  if (value?.elements?.every((element) => typeof element === "number")) return value.elements;
  const constant = value?.constant;
  return constant && isInteger(constant.dtype) ? [...constant.numbers()] : null;
}

/** All axes of a value. */
export function allAxes(value: Value): readonly number[] {
  return Array.from({ length: rankOf(value) }, (_, axis) => axis);
}

/** The axes operand of a reduction, Squeeze or Unsqueeze; null when the op has none. */
export function axesOperand(node: Node): Value | null {
  return node.inputs[1] ?? null;
}
