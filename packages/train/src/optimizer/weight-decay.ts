import type { Value } from "@lowbit/ir";
import { scalar } from "../legalize/legalization.ts";
import type { UpdateContext } from "./optimizer.ts";

/** The gradient with that of an L2 penalty, g + λ·p. */
export function penalized({ op, editor, parameter, gradient }: UpdateContext, weightDecay: number): Value {
  if (weightDecay === 0) return gradient;
  return op.Add([gradient, op.Mul([parameter, scalar(editor, weightDecay, "weight_decay")])]);
}
