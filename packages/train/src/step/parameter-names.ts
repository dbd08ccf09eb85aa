import { lowbitDomain, modelNodes, type Node, type Origin, type Use, type Value } from "@lowbit/ir";
import { composeConvBatchNormalization } from "@lowbit/quantize";
import type { TrainableParameter } from "../optimizer/trainable-parameter.ts";
import { isScaleRatio, normalizes, passesOn, quantizersScaledBy } from "./parameter-role.ts";

/**
 * What a parameter can be called, its own name first: then, for each model node that reads it, the node's name, the same
 * with dots for slashes, the path of the PyTorch module it was exported from with the op, and without.
 */
export function namesOf(parameter: Value): readonly string[] {
  return [...new Set([parameter.name, ...readersOf(parameter).flatMap(pathsOf)])];
}

/** A parameter's name, with the node that reads it where the name does not say so: `onnx::Conv_497 of /layer4/conv1/Conv`. */
export function namedByLayer({ name, names }: TrainableParameter): string {
  const [, node] = names;
  return node === undefined || names.some((each) => name.startsWith(`${each}.`)) ? name : `${name} of ${node}`;
}

/** The model nodes that read a parameter, be it rounded or in another layout; of a scale, those that read what it scales. */
function readersOf(parameter: Value): readonly string[] {
  const scaled = quantizersScaledBy(parameter);
  const pending = scaled.length > 0 ? scaled.map((node) => node.output) : [parameter];
  const names: string[] = [];
  for (let value = pending.shift(); value; value = pending.shift()) {
    for (const use of value.uses) {
      if (passesOn(use.node, use.index)) pending.push(use.node.output);
      else names.push(...modelNodesOf(use));
    }
  }
  return names;
}

function modelNodesOf({ node, index }: Use): readonly string[] {
  const names = modelNodes(partOf(node, index));
  return names.length > 0 ? names : [node.name].filter((name) => name !== "");
}

/** Of a linear op and the normalization that were made one node, the one that reads an operand of it. */
function partOf(node: Node, index: number): Origin | null {
  const composed = node.is("ConvBatchNormalization", lowbitDomain) ? composition(node.origin) : null;
  if (composed === null) return node.origin;
  const [normalization, linear] = composed.from;
  return (normalizes(node, index) && !isScaleRatio(node, index) ? normalization : linear) ?? node.origin;
}

function composition(origin: Origin | null): (Origin & { readonly kind: "rewrite" }) | null {
  if (origin?.kind !== "rewrite") return null;
  if (origin.rule === composeConvBatchNormalization.name) return origin;
  for (const from of origin.from) {
    const found = composition(from);
    if (found) return found;
  }
  return null;
}

/** `/layer4/layer4.0/conv1/Conv`: also layer4.layer4.0.conv1.Conv, layer4.0.conv1.Conv and layer4.0.conv1. */
function pathsOf(node: string): readonly string[] {
  const parts = node.split("/").filter((part) => part !== "");
  if (parts.length < 2) return [node];
  // An exporter writes the module's place in its Sequential behind the name of the Sequential, in full.
  const modules = parts.filter((part, index) => !parts[index + 1]?.startsWith(`${part}.`));
  return [node, parts.join("."), modules.join("."), modules.slice(0, -1).join(".")];
}
