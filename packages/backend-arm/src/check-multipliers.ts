import type { Node, Value } from "@lowbit/ir";
import { definePass } from "@lowbit/rewrite";
import { multiplierTooLarge } from "./diagnostics.ts";

/** QNNPACK rescales accumulators by a fraction of 31 bits, so the scale of a result exceeds the product of its operands' scales. */
const limits = { least: 2 ** -32, below: 1 };

/** Refuses products that QNNPACK cannot rescale. */
export const checkMultipliers = definePass({
  name: "check-multipliers",
  summary: "Refuses products whose multiplier QNNPACK cannot hold.",
  run({ graph }) {
    for (const node of graph.nodes) {
      const multiplier = multiplierOf(node);
      if (multiplier !== null && !(multiplier >= limits.least && multiplier < limits.below)) {
        throw multiplierTooLarge(node, multiplier);
      }
    }
    return { changed: 0 };
  },
});

/** `f32(f32(sx·sw)/sy)` of a product between codes; null for other nodes. */
function multiplierOf(node: Node): number | null {
  if (!["Conv", "Gemm", "MatMul"].includes(node.op)) return null;
  const [x, w] = [0, 1].map((index) => scaleOf(node.inputs[index]?.producer ?? null));
  const y = scaleOf(quantizeBehind(node.outputs[0]!));
  return x === null || w === null || y === null ? null : Math.fround(Math.fround(x! * w!) / y);
}

function scaleOf(node: Node | null): number | null {
  const isConversion = node?.is("DequantizeLinear") || node?.is("QuantizeLinear");
  return isConversion ? (node!.inputs[1]?.constant?.floats()[0] ?? null) : null;
}

/** The QuantizeLinear that ends a product, behind a bias and a clamp. */
function quantizeBehind(value: Value): Node | null {
  for (let at = value; at.uses.size === 1;) {
    const [reader] = at.users;
    if (reader!.is("QuantizeLinear")) return reader!;
    if (!["Add", "Relu", "Clip"].includes(reader!.op)) return null;
    at = reader!.output;
  }
  return null;
}
