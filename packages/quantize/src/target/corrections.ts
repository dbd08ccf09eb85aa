import type { Graph } from "@lowbit/ir";
import { productOf } from "../convert/product.ts";
import { roundingImprovements, togetherInOrder, type Improvement } from "../improve/improvement.ts";
import { WeightRows } from "../improve/weight-rows.ts";

/** What costs nothing when the model runs and leaves the float function alone, in the order in which it is tried. */
const corrections = ["bias-correction", "refit"] as const satisfies readonly Improvement[];

/** Most inputs of a layer that weights are refitted with, whose time grows with their third power: a search refits each plan anew. */
const mostInputs = 1152;

/**
 * The improvements that a search may make before it leaves layers float, beside those that were asked for: none of them
 * changes the float model on purpose, as rescaling channels does; they make up for what quantization did to it.
 *
 * @returns lists in the order of execution, each with what was asked for
 */
export function correctionsBeside(graph: Graph, given: readonly Improvement[]): readonly (readonly Improvement[])[] {
  const refits = !roundingImprovements.some((name) => given.includes(name)) && inputsOf(graph) <= mostInputs;
  return corrections
    .filter((name) => !given.includes(name) && (refits || name !== "refit"))
    .map((name) => togetherInOrder(given, [name]));
}

/** Inputs that are summed in the largest layer with weights. */
function inputsOf(graph: Graph): number {
  const sizes = [...graph.nodes].map((node) => {
    const rows = productOf(node) ? WeightRows.of(node) : "no product";
    return typeof rows === "string" ? 0 : rows.columns;
  });
  return Math.max(0, ...sizes);
}
