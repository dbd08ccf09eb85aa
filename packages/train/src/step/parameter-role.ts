import { hasTrait, lowbitDomain, operandRole, schemaOf, type Node, type Use, type Value } from "@lowbit/ir";
import type { ParameterRole } from "../optimizer/trainable-parameter.ts";

/** What a parameter is to the model, told by the operand that its elements become. */
export function roleOf(parameter: Value): ParameterRole {
  if (scalesFoldedWeight(parameter) || quantizersScaledBy(parameter).length > 0) return "scale";
  const pending = [parameter];
  for (let value = pending.pop(); value; value = pending.pop()) {
    for (const use of value.uses) {
      if (passesOn(use.node, use.index)) pending.push(use.node.output);
      else {
        const role = operandRoleOf(use, value);
        if (role !== null) return role;
      }
    }
  }
  return "other";
}

/** Whether a node hands the elements of its first operand on, in another order or rounded. */
export function passesOn(node: Node, index: number): boolean {
  return index === 0 && (hasTrait(node, "keepsScale") || node.is("FakeQuantize", lowbitDomain));
}

function operandRoleOf({ node, index }: Use, value: Value): ParameterRole | null {
  const schema = schemaOf(node.op, node.domain);
  const role = schema ? operandRole(schema, index).role : "data";
  if (role === "weight" || role === "bias") return normalizes(node, index) ? "normalization" : role;
  // A bias that the exporter wrote as an addition of its own.
  return node.is("Add") && (value.shape?.length ?? 0) <= 1 ? "bias" : null;
}

/** Whether an operand normalizes: of the composite of a linear op and BatchNormalization, what comes after weight and bias. */
export function normalizes(node: Node, index: number): boolean {
  if (!hasTrait(node, "normalization")) return false;
  return !hasTrait(node, "linear") || index > 2;
}

/** The fake quantizations whose scale or zero point a value goes into, by way of a few elementwise ops. */
export function quantizersScaledBy(value: Value, between = 6): readonly Node[] {
  return [...value.uses].flatMap(({ node, index }) => {
    if (node.is("FakeQuantize", lowbitDomain)) return index > 0 ? [node] : [];
    return between > 0 && hasTrait(node, "elementwise") ? quantizersScaledBy(node.output, between - 1) : [];
  });
}

/** Whether a value is what the scales of weights are multiplied with that are quantized with their normalization. */
function scalesFoldedWeight(value: Value): boolean {
  return [...value.uses].some(({ node, index }) => isScaleRatio(node, index));
}

/** Whether an operand of the composite of a linear op and BatchNormalization is the learned part of its weight's scales. */
export function isScaleRatio(node: Node, index: number): boolean {
  return index === 7 && node.is("ConvBatchNormalization", lowbitDomain);
}
