import { cloneGraph, GraphEditor, lowbitDomain, type Graph, type Value } from "@lowbit/ir";
import { decomposeAllConvBatchNormalizations, freezeObservers } from "@lowbit/quantize";
import { legalize } from "../legalize/legalize.ts";
import { trainBatchNormalization } from "../step/batch-normalization.ts";
import { fixBatch } from "../step/batch.ts";
import { cleanUp } from "../step/clean-up.ts";

/** The two statistics of a normalization: the initializers that hold them, and the outputs that hold a batch's. */
interface StatisticsPair {
  readonly channels: number;
  readonly mean: string;
  readonly variance: string;
  readonly batchMean: string;
  readonly batchVariance: string;
}

/** A graph that computes the statistics of every normalization for one batch, and nothing else. */
export interface BatchStatistics {
  readonly step: Graph;
  readonly pairs: readonly StatisticsPair[];
}

/** Builds the graph of the statistics of batches of one size. @throws CompileError `train/fixed-batch` */
export function batchStatistics(model: Graph, batch: number): BatchStatistics {
  const { graph } = cloneGraph(model);
  const editor = new GraphEditor(graph);
  fixBatch(graph, batch);
  freezeObservers(graph);
  decomposeAllConvBatchNormalizations(graph, "training-statistics");
  trainBatchNormalization(graph);
  const names = [...graph.nodes].flatMap((node) => {
    if (!node.is("BatchNormalization") || node.int("training_mode", 0) !== 1) return [];
    // Statistics that move all the way are those of the batch.
    editor.setAttribute(node, "momentum", 0);
    const [, , , mean, variance] = node.inputs;
    return [{ mean: mean!.name, variance: variance!.name, channels: mean!.initializer!.size }];
  });
  editor.setOutputs([]);
  cleanUp(graph);
  legalize(graph);
  cleanUp(graph);
  const next = assigned(editor);
  const pairs = names.flatMap(({ mean, variance, channels }): readonly StatisticsPair[] => {
    const [batchMean, batchVariance] = [next.get(mean), next.get(variance)];
    return batchMean && batchVariance ? [{ channels, mean, variance, batchMean, batchVariance }] : [];
  });
  return { step: graph, pairs };
}

/** Returns what would be assigned to buffers, by their names, instead of assigning it. */
function assigned(editor: GraphEditor): ReadonlyMap<string, string> {
  const outputs = new Map<string, Value>();
  for (const node of editor.graph.nodes) {
    if (!node.is("Assign", lowbitDomain)) continue;
    const [buffer, value] = node.inputs as [Value, Value];
    editor.erase(node);
    outputs.set(buffer.name, value);
  }
  editor.setOutputs([...outputs.values()]);
  return new Map([...outputs].map(([name, value]) => [name, value.name]));
}
