import type { Diagnostic, Graph, Node, Tensor } from "@lowbit/ir";
import { definePass } from "@lowbit/rewrite";
import { canSaturateThere, rangeReduced, type Reach } from "../diagnostics.ts";
import { productRows, type ProductRows } from "./product-rows.ts";
import { canSaturate } from "./saturating-rows.ts";

/** Tells of the finished codes which weights use fewer than 8 bits, and which sums can saturate without VNNI. */
export const explainSaturation = definePass({
  name: "explain-saturation",
  summary: "Tells which weights use fewer than 8 bits, and which sums can saturate without VNNI.",
  run({ graph }, context) {
    for (const finding of saturationFindings(graph)) context.report(finding);
    return { changed: 0 };
  },
});

/** What there is to say about the products of a graph between QuantizeLinear and DequantizeLinear. */
function saturationFindings(graph: Graph): readonly Diagnostic[] {
  const findings: Diagnostic[] = [];
  const reduced: Reach[] = [];
  let products = 0;
  for (const node of graph.nodes) {
    const weights = weightCodes(node);
    const rows = weights && productRows(node, weights.dims);
    if (!weights || !rows) continue;
    products++;
    const codes = weights.numbers();
    const reach = codes.reduce((most, code) => Math.max(most, Math.abs(code)), 0);
    if (reach < 127) reduced.push({ node, reach });
    const channels = rows === "exact" ? 0 : saturatingRows(rows, codes);
    if (channels > 0 && rows !== "exact") findings.push(canSaturateThere(node, channels, rows.count));
  }
  return reduced.length === 0 ? findings : [rangeReduced(reduced, products), ...findings];
}

function saturatingRows(rows: ProductRows, codes: ArrayLike<number>): number {
  let count = 0;
  for (let row = 0; row < rows.count; row++) if (canSaturate(rows, row, (index) => codes[index]!)) count++;
  return count;
}

/** The int8 weights of a product of uint8 activations. */
function weightCodes(node: Node): Tensor | null {
  const [data, weight] = [0, 1].map((index) => node.inputs[index]?.producer ?? null);
  if (!data?.is("DequantizeLinear") || !weight?.is("DequantizeLinear")) return null;
  const codes = weight.input.initializer;
  return data.input.dtype === "uint8" && codes?.dtype === "int8" ? codes : null;
}
