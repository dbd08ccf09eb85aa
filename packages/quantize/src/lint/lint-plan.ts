import { graphsOf, type Diagnostic, type Node } from "@lowbit/ir";
import { graphsWithin } from "@lowbit/rewrite";
import { productOf } from "../convert/product.ts";
import { isRecurrent } from "../plan/mode-plans.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { sharingGroups, type SharingGroup } from "../plan/sharing.ts";
import { isUse, valueOf } from "../plan/spec.ts";
import { productsInBody, slowBlocks, tiedWeights, unfoldedNormalization } from "./diagnostics.ts";
import { lintGammas } from "./gamma.ts";

/**
 * What is legal in a plan and its float graph and yet likely a mistake: normalizations left behind quantized layers,
 * weights quantized twice, gammas near 0, blocks that no kernel reads, products that no plan reaches.
 */
export function lintPlan(plan: QuantPlan): readonly Diagnostic[] {
  return [
    ...lintNormalizations(plan),
    ...lintTiedWeights(plan),
    ...lintGammas(plan.graph),
    ...lintBlocks(plan),
    ...lintBodies(plan),
  ];
}

/** Plans are about the nodes of the main graph: what control flow does inside stays float. */
function lintBodies({ graph }: QuantPlan): readonly Diagnostic[] {
  return [...graph.nodes].flatMap((node) => {
    const bodies = [...node.attributes.values()].flatMap(graphsOf).flatMap(graphsWithin);
    const products = bodies.flatMap((body) => [...body.nodes].filter((each) => productOf(each) || isRecurrent(each)));
    return products.length > 0 ? [productsInBody(node, products)] : [];
  });
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
    if (!("granularity" in spec) || spec.granularity.kind !== "block") continue;
    const { size } = spec.granularity;
    if (size >= 16 && Number.isInteger(Math.log2(size))) continue;
    weights.set(size, [...(weights.get(size) ?? []), valueOf(point)?.name ?? names.of(point)]);
  }
  return [...weights].map(([size, [first, ...others]]) => slowBlocks(first!, size, others.length));
}
