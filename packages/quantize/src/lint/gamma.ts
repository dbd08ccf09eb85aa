import { lowbitDomain, type Diagnostic, type Graph, type Node, type Value } from "@lowbit/ir";
import { gammaNearZero } from "./diagnostics.ts";

/** Largest magnitude that counts as nearly 0; trained gammas are around 1. */
const nearlyZero = 1e-5;

/** Normalizations by batch that multiply some channel by nearly 0. */
export function lintGammas(graph: Graph): readonly Diagnostic[] {
  return [...graph.nodes].flatMap((node) => {
    const gamma = gammaOf(node);
    if (!gamma?.initializer) return [];
    const channels = [...gamma.initializer.numbers().entries()]
      .filter(([, value]) => Math.abs(value) < nearlyZero)
      .map(([channel]) => channel);
    return channels.length > 0 ? [gammaNearZero(node, gamma, channels)] : [];
  });
}

function gammaOf(node: Node): Value | null {
  if (node.is("BatchNormalization")) return node.inputs[1] ?? null;
  return node.is("ConvBatchNormalization", lowbitDomain) ? (node.inputs[3] ?? null) : null;
}
