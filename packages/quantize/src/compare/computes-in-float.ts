import { schemaOf, type Node } from "@lowbit/ir";
import { computesOnCodes } from "../convert/op-kinds.ts";
import type { LayerWeight } from "./layer-weight.ts";

/** Whether a node whose result stays float computes in float: not from codes of weights, nor as a product of codes. */
export function computesInFloat(node: Node, weight: LayerWeight | null): boolean {
  if (weight?.grid || computesOnCodes(node)) return false;
  const isProduct = schemaOf(node.op, node.domain)?.traits.includes("linear") ?? false;
  const [a, b] = node.inputs.map((value) => value?.producer?.is("DequantizeLinear") ?? false);
  return !(isProduct && a && b);
}
