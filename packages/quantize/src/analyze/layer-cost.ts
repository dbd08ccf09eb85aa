import { elementCount, operandRole, schemaOf, type Node } from "@lowbit/ir";

/** Multiply-accumulates of a node for one sample; 0 for ops without weights and where shapes are unknown. */
export function macsOf(node: Node): number {
  const schema = schemaOf(node.op, node.domain);
  if (!schema?.traits.includes("linear")) return 0;
  const use = node.operands.find((each) => operandRole(schema, each.index).role === "weight");
  const weight = use ? node.inputs[use.index] : null;
  const [shape, result] = [weight?.shape, node.outputs[0]?.shape];
  if (!shape || !result || typeof result[1] !== "number") return 0;
  const size = elementCount(shape);
  if (size === null) return 0;
  if (node.op === "Conv") return (size / Number(shape[0])) * perSample(result);
  if (node.op === "ConvTranspose") return (size / Number(shape[0])) * perSample(node.inputs[0]?.shape ?? []);
  // A product [..., K] x [K, M]: each row meets the whole weight.
  return size * perSample(result.slice(0, -1));
}

function perSample(shape: readonly unknown[]): number {
  const dims = shape.slice(1);
  return dims.every((dim) => typeof dim === "number") ? dims.reduce((a, b) => a * b, 1) : 0;
}
