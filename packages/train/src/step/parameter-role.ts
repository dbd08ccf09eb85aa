import { hasTrait, lowbitDomain, operandRole, schemaOf, type Node, type Use, type Value } from "@lowbit/ir";
import type { ParameterRole } from "../optimizer/trainable-parameter.ts";

/** What a parameter is to the model, told by the operand that its elements become. */
export function roleOf(parameter: Value): ParameterRole {
  if (reachesScale(parameter)) return "scale";
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

/** Of the composite of a linear op and BatchNormalization, only what comes after weight and bias normalizes. */
function normalizes(node: Node, index: number): boolean {
  if (!hasTrait(node, "normalization")) return false;
  return !hasTrait(node, "linear") || index > 2;
}

/** Whether a value goes into the scale or zero point of a fake quantization, by way of a few elementwise ops. */
function reachesScale(value: Value, between = 6): boolean {
  for (const { node, index } of value.uses) {
    if (node.is("FakeQuantize", lowbitDomain)) {
      if (index > 0) return true;
    } else if (node.is("ConvBatchNormalization", lowbitDomain)) {
      if (index === 7) return true;
    } else if (between > 0 && hasTrait(node, "elementwise") && reachesScale(node.output, between - 1)) return true;
  }
  return false;
}
