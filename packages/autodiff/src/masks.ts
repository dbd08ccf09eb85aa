import { codeOfDType, type DType, type Value } from "@lowbit/ir";
import { dtypeOf } from "./constant-pool.ts";
import type { GradientContext } from "./gradient-rule.ts";

/** A value converted to a dtype. */
export function castTo(context: GradientContext, value: Value, dtype: DType): Value {
  return value.dtype === dtype ? value : context.op.Cast([value], { to: codeOfDType(dtype) });
}

/** A bool value as 0 and 1 of the dtype of `like`. */
export function maskOf(context: GradientContext, condition: Value, like: Value): Value {
  return castTo(context, condition, dtypeOf(like));
}

/** 1 where a value is positive, 0 elsewhere: the derivative of Relu, from its operand or its result alike. */
export function reluMask(context: GradientContext, value: Value): Value {
  return maskOf(context, context.op.Greater([value, context.constants.scalar(0, value)]), value);
}

/** 1 where two values of one shape are equal, 0 elsewhere. */
export function equalMask(context: GradientContext, a: Value, b: Value): Value {
  return maskOf(context, context.op.Equal([a, b]), b);
}
