import { GraphEditor, lowbitDomain, newModel, type Graph } from "@lowbit/ir";
import { eliminateDeadCode, foldConstants, runPasses } from "@lowbit/rewrite";
import { decomposeAllConvBatchNormalizations } from "./decompose.ts";

/**
 * Folds every ConvBatchNormalization into its op, in place: weights W·k and biases (B - mean)·k + beta become data, in
 * the same float32 steps as the frozen form that was trained. Weights that training quantized keep their FakeQuantize.
 *
 * All data of the graph is final from here on: roles become `constant`. Returns how many were folded.
 */
export function foldConvBatchNormalization(graph: Graph): number {
  finalizeData(graph);
  const folded = decomposeAllConvBatchNormalizations(graph, "frozen-statistics");
  if (folded === 0) return 0;
  finalizeData(graph);
  runPasses(newModel(graph), [foldConstants, eliminateDeadCode]);
  return folded;
}

/** Makes all initializers constants, and removes what would still change them. */
export function finalizeData(graph: Graph): void {
  const editor = new GraphEditor(graph);
  for (const value of graph.initializers) editor.setRole(value, "constant");
  for (const node of graph.nodes) {
    if (!node.is("Assign", lowbitDomain)) continue;
    editor.replaceAllUses(node.output, node.inputs[1]!);
    editor.erase(node);
  }
}
