import type { Diagnostic, Node } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { isUse, valueOf } from "../plan/spec.ts";
import { slowBlocks, tiedWeights, unfoldedNormalization } from "./diagnostics.ts";
import { lintGammas } from "./gamma.ts";

/**
 * What is legal in a plan and its float graph and yet likely a mistake: normalizations left behind quantized layers,
 * weights quantized twice, gammas near 0, blocks that no kernel reads.
 */
export function lintPlan(plan: QuantPlan): readonly Diagnostic[] {
  return [...lintNormalizations(plan), ...lintTiedWeights(plan), ...lintGammas(plan.graph), ...lintBlocks(plan)];
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

/** Sizes of blocks that no kernel reads, each with the first weight that has it. */
function lintBlocks({ graph, specs }: QuantPlan): readonly Diagnostic[] {
  const names = new PointNames(graph);
  const weights = new Map<number, string[]>();
  for (const [point, spec] of specs) {
    if (spec.kind !== "observed" || spec.granularity.kind !== "block") continue;
    const { size } = spec.granularity;
    if (size >= 16 && Number.isInteger(Math.log2(size))) continue;
    weights.set(size, [...(weights.get(size) ?? []), valueOf(point)?.name ?? names.of(point)]);
  }
  return [...weights].map(([size, [first, ...others]]) => slowBlocks(first!, size, others.length));
}
