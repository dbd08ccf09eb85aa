import { Tensor, type Value } from "@lowbit/ir";
import { dtypeOf, rankOf } from "./constant-pool.ts";
import type { GradientContext } from "./gradient-rule.ts";

/**
 * Adds the slices of `updates` along an axis into zeros: slice i goes to place `places[i]`; equal places add up.
 *
 * @param places int64 [slices], negative ones count from the end
 * @param size int64 [1], the length of the axis in the result
 */
export function scatterAlong(
  context: GradientContext,
  updates: Value,
  axis: number,
  places: Value,
  size: Value,
): Value {
  const { op, constants } = context;
  const rank = rankOf(updates);
  const sides = [constants.shapeOf(updates), constants.ints([axis], "axis")] as const;
  const replaced = op.ScatterElements([sides[0], sides[1], size], { axis: 0 });
  const zeros = op.ConstantOfShape([replaced], { value: Tensor.of(dtypeOf(updates), [0]) });
  const column = Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1));
  const indices = op.Expand([op.Reshape([places, constants.ints(column, "column")]), constants.shapeOf(updates)]);
  return op.ScatterElements([zeros, indices, updates], { axis, reduction: "add" });
}
