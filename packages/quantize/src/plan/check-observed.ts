import { shapeText, type Value } from "@lowbit/ir";
import { badPlan } from "../diagnostics.ts";
import { granularityText, type ObservedSpec } from "./spec.ts";

/**
 * Checks that a value can have codes of an observed spec.
 *
 * @param at the name of the point
 * @throws CompileError `quantize/plan`
 */
export function checkObserved(value: Value | null, { granularity, eps }: ObservedSpec, at: string): void {
  if (!value) throw badPlan("the node has no such operand: nothing can be quantized there", at);
  if (value.dtype !== null && value.dtype !== "float") {
    throw badPlan(`"${value.name}" holds ${value.dtype}: only float values are quantized`, at);
  }
  if (!(Number.isFinite(eps) && eps > 0)) throw badPlan(`eps ${eps} must be a positive number`, at);
  if (granularity.kind === "tensor" || value.shape === null) return;
  const { axis } = granularity;
  const words = `${granularityText(granularity)} codes`;
  if (axis >= value.shape.length) {
    throw badPlan(`${words} need an axis of "${value.name}", whose shape is ${shapeText(value.shape)}`, at);
  }
  if (value.initializer) return;
  if (granularity.kind === "block") throw badPlan(`${words} are for data of the model, not for activations`, at);
  if (typeof value.shape[axis] !== "number") {
    throw badPlan(`${words} need to know how many channels "${value.name}" ${shapeText(value.shape)} has`, at);
  }
}
