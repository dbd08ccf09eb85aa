import { cloneGraph, GraphEditor, invariant, Tensor, type Graph, type Value } from "@lowbit/ir";
import { decomposeAllConvBatchNormalizations } from "../conv-batch-normalization/decompose.ts";

/** A value to watch while a model runs: its extremes, one pair per index of `channelAxis` if there is one, or all of it. */
export interface Watch {
  readonly value: Value;
  readonly sees: "extremes" | "values";
  readonly channelAxis: number | null;
}

/** Names of the outputs that tell about one watched value. */
export interface WatchOutputs {
  readonly min: string | null;
  readonly max: string | null;
  /** The sum is not a number if any element is not one, which extremes do not show. */
  readonly sum: string | null;
  /** The value itself; null for graph inputs, which the caller has. */
  readonly values: string | null;
}

/** A copy of a graph that returns statistics instead of its results. */
export interface StatisticsGraph {
  readonly graph: Graph;
  /** In the order of the watches. */
  readonly outputs: readonly WatchOutputs[];
}

/**
 * Builds the graph that computes what is watched; extremes are computed inside, so that only scalars leave the runtime.
 * Composites of training are decomposed, in the form that is deployed: the runtime does not know them.
 */
export function statisticsGraph(graph: Graph, watches: readonly Watch[]): StatisticsGraph {
  const clone = cloneGraph(graph);
  const editor = new GraphEditor(clone.graph);
  const returned: Value[] = [];
  const give = (value: Value): string => {
    if (!returned.includes(value)) returned.push(value);
    return value.name;
  };
  const outputs = watches.map(({ value, sees, channelAxis }): WatchOutputs => {
    const twin = clone.values.get(value)!;
    if (sees === "values") {
      return { min: null, max: null, sum: null, values: twin.isGraphInput ? null : give(twin) };
    }
    const axes = channelAxis === null ? null : otherAxes(editor, twin, channelAxis);
    const { op } = editor;
    return {
      min: give(op.ReduceMin([twin, axes], { keepdims: 0 })),
      max: give(op.ReduceMax([twin, axes], { keepdims: 0 })),
      sum: give(op.ReduceSum([twin], { keepdims: 0 })),
      values: null,
    };
  });
  editor.setOutputs(returned);
  decomposeAllConvBatchNormalizations(clone.graph, "frozen-statistics");
  return { graph: clone.graph, outputs };
}

function otherAxes(editor: GraphEditor, value: Value, axis: number): Value {
  const rank = value.shape?.length;
  invariant(rank !== undefined, `the rank of ${value.name} is unknown`);
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return editor.initializer(Tensor.of("int64", axes), "axes");
}
