import { elementCount, isStatic, sameShape, Tensor, type Dim, type Value } from "@lowbit/ir";
import type { GradientContext } from "./gradient-rule.ts";

/**
 * Sums a cotangent over the axes along which an operand was broadcast, back to the operand's shape.
 *
 * Where dimensions are unknown and could be 1 at run time the axes are found at run time.
 *
 * @param others all operands that were broadcast together, null when that is not known: where they have dimensions of 1,
 *   `operand` was not stretched
 */
export function sumToOperand(
  context: GradientContext,
  grad: Value,
  operand: Value,
  others: readonly (Value | null)[] | null = context.node.inputs,
): Value {
  const { op, constants } = context;
  const [from, to] = [grad.shape, operand.shape];
  if (to?.length === 0) return from?.length === 0 ? grad : op.ReduceSum([grad], { keepdims: 0 });
  if (from !== null && to !== null) {
    const stretched = stretchedAxes(from, to, operand, others);
    if (stretched !== null) return sumOver(context, grad, stretched, from.length - to.length);
  }
  if (isStatic(to) && elementCount(to) === 1) {
    return op.Reshape([op.ReduceSum([grad], { keepdims: 0 }), constants.ints(to, "shape")]);
  }
  return sumAtRunTime(context, grad, operand);
}

/** Sums over axes and keeps them as 1, but drops the first `dropped` axes. */
function sumOver(context: GradientContext, grad: Value, axes: readonly number[], dropped: number): Value {
  const { op, constants } = context;
  if (axes.length === 0) return grad;
  if (axes.length === dropped) return op.ReduceSum([grad, constants.ints(axes, "axes")], { keepdims: 0 });
  const sum = op.ReduceSum([grad, constants.ints(axes, "axes")], { keepdims: 1 });
  if (dropped === 0) return sum;
  const leading = Array.from({ length: dropped }, (_, axis) => axis);
  return op.Squeeze([sum, constants.ints(leading, "axes")]);
}

/** The axes of `from` that `to` was stretched along; null when only the run can tell. */
function stretchedAxes(
  from: readonly Dim[],
  to: readonly Dim[],
  operand: Value,
  others: readonly (Value | null)[] | null,
): number[] | null {
  const dropped = from.length - to.length;
  const axes: number[] = [];
  for (const [axis, dim] of from.entries()) {
    const own = axis < dropped ? 1 : to[axis - dropped]!;
    if (axis < dropped) axes.push(axis);
    else if (own === 1) {
      if (dim !== 1) axes.push(axis);
    } else if (typeof own !== "number" && dim !== 1 && (own === null || own !== dim)) {
      if (!others?.every((other) => other === operand || dimFromEnd(other, from.length - axis) === 1)) return null;
    }
  }
  return axes;
}

/** The dimension that many places from the end, 1 where the shape is shorter. */
function dimFromEnd(value: Value | null, place: number): Dim {
  if (value === null) return 1;
  if (value.shape === null) return null;
  return place > value.shape.length ? 1 : value.shape[value.shape.length - place]!;
}

function sumAtRunTime(context: GradientContext, grad: Value, operand: Value): Value {
  const { op, constants } = context;
  const [from, to] = [constants.shapeOf(grad), constants.shapeOf(operand)];
  const missing = op.Sub([op.Shape([from]), op.Shape([to])]);
  const ones = op.ConstantOfShape([missing], { value: Tensor.of("int64", [1]) });
  const aligned = op.Concat([ones, to], { axis: 0 });
  const axes = op.Reshape([op.NonZero([op.Not([op.Equal([aligned, from])])]), constants.ints([-1], "flat")]);
  const sum = op.ReduceSum([grad, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return op.Reshape([sum, to]);
}

/** Stretches a value to the shape of another by numpy broadcasting. */
export function expandLike(context: GradientContext, value: Value, like: Value): Value {
  const { op, constants } = context;
  if (sameShape(value.shape, like.shape) && value.shape?.every((dim) => dim !== null)) return value;
  return op.Expand([value, expandTarget(context, value, like) ?? constants.shapeOf(like)]);
}

/** A constant Expand operand: the known dimensions of `like`, 1 where `value` has the dimension already. */
function expandTarget(context: GradientContext, value: Value, like: Value): Value | null {
  if (value.shape === null || like.shape === null) return null;
  const added = like.shape.length - value.shape.length;
  const target: number[] = [];
  for (const [axis, dim] of like.shape.entries()) {
    const own = axis < added ? 1 : value.shape[axis - added]!;
    if (typeof dim === "number") target.push(dim);
    else if (dim !== null && own === dim) target.push(1);
    else return null;
  }
  return context.constants.ints(target, "shape");
}

/** The elements of `value` under the shape of `like`, which has as many. */
export function reshapeLike(context: GradientContext, value: Value, like: Value): Value {
  const { op, constants } = context;
  const shape = like.shape;
  if (sameShape(value.shape, shape) && shape?.every((dim) => dim !== null)) return value;
  return op.Reshape([value, reshapeTarget(context, value, like) ?? constants.shapeOf(like)]);
}

/** A constant Reshape operand: 0 copies a symbol that stands at the same place in `value`, -1 is the only free one. */
function reshapeTarget(context: GradientContext, value: Value, like: Value): Value | null {
  if (like.shape === null || like.shape.includes(0)) return null;
  const target = like.shape.map((dim, axis) => {
    if (typeof dim === "number") return dim;
    return dim !== null && value.shape?.[axis] === dim ? 0 : -1;
  });
  return target.filter((dim) => dim === -1).length > 1 ? null : context.constants.ints(target, "shape");
}
