import type { Diagnostic, Node } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { isUse } from "../plan/spec.ts";
import { tiedWeights, unfoldedNormalization } from "./diagnostics.ts";
import { lintGammas } from "./gamma.ts";

/**
 * What is legal in a plan and its float graph and yet likely a mistake: normalizations left behind quantized layers,
 * weights quantized twice, gammas near 0.
 */
export function lintPlan(plan: QuantPlan): readonly Diagnostic[] {
  return [...lintNormalizations(plan), ...lintTiedWeights(plan), ...lintGammas(plan.graph)];
}

function lintNormalizations({ graph, specs }: QuantPlan): readonly Diagnostic[] {
  return [...graph.nodes].flatMap((node) => {
    const layer = node.is("BatchNormalization") ? node.input.producer : null;
    const weight = layer && productOf(layer)?.weight;
    if (!layer || !weight) return [];
    const isQuantized = specs.has(weight) || specs.has(layer.inputs[weight.index]!);
    return isQuantized ? [unfoldedNormalization(node, layer)] : [];
  });
}

function lintTiedWeights(plan: QuantPlan): readonly Diagnostic[] {
  const groups = sharingGroups(plan);
  return [...plan.graph.initializers].flatMap((value) => {
    const readers = new Map<SharingGroup, Node>();
    for (const use of value.uses) {
      const group = groups.of(use) ?? groups.of(value);
      if (group && isUse(use) && !readers.has(group)) readers.set(group, use.node);
    }
    return readers.size > 1 ? [tiedWeights(value, [...readers.values()])] : [];
  });
}
