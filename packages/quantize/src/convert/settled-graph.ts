import { cloneGraph, lowbitDomain, newModel, type Graph } from "@lowbit/ir";
import { eliminateDeadCode, foldConstants, runPasses } from "@lowbit/rewrite";
import { finalizeData, foldConvBatchNormalization } from "../conv-batch-normalization/fold.ts";
import { neverObserved } from "../diagnostics.ts";
import { widenScalesForBias } from "./bias-overflow.ts";

/**
 * A copy of a prepared graph in which nothing moves any more: normalizations folded, and every scale and zero point of a
 * FakeQuantize a constant, as the integer graph will have it.
 *
 * @throws CompileError `quantize/never-observed` for a range that was never filled
 */
export function settledGraph(prepared: Graph): Graph {
  const { graph } = cloneGraph(prepared);
  requireRanges(graph);
  finalizeData(graph);
  foldConvBatchNormalization(graph);
  runPasses(newModel(graph), [foldConstants, eliminateDeadCode]);
  widenScalesForBias(graph);
  return graph;
}

/** Finds activations whose range was never seen. @throws CompileError `quantize/never-observed` */
export function requireRanges(graph: Graph): void {
  for (const node of graph.nodes) {
    if (!node.is("QuantizationParameters", lowbitDomain)) continue;
    const isUnseen = node.inputs.some((end) => end?.initializer?.numbers().some((value) => !Number.isFinite(value)));
    if (isUnseen) throw neverObserved(node.input.name.replace(/\.range\.min$/, ""));
  }
}
