import { operandRole, schemaOf, type Node, type Use } from "@lowbit/ir";

/** The operand slots of a product of activations and weights. */
export interface Product {
  readonly data: Use;
  readonly weight: Use;
  readonly bias: Use | null;
}

/** The slots of a node that its op's facts call data, weight and bias; null for ops without weights. */
export function productOf(node: Node): Product | null {
  const schema = schemaOf(node.op, node.domain);
  if (!schema?.traits.includes("linear")) return null;
  const find = (role: string): Use | null =>
    node.operands.find((use) => node.inputs[use.index] && operandRole(schema, use.index).role === role) ?? null;
  const [data, weight] = [find("data"), find("weight")];
  return data && weight ? { data, weight, bias: find("bias") } : null;
}
