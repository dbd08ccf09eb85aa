import { cloneGraph, GraphEditor, invariant, Tensor, type Graph, type Value } from "@lowbit/ir";
import { decomposeAllConvBatchNormalizations } from "../conv-batch-normalization/decompose.ts";

/** A value to watch while a model runs: its extremes, one pair per index of `channelAxis` if there is one. */
export interface Watch {
  readonly value: Value;
  readonly channelAxis: number | null;
  /** How many of its elements per sample to look at besides, evenly spaced; 0: none, infinite: all. */
  readonly valuesPerSample: number;
}

/** Names of the outputs that tell about one watched value. */
interface WatchOutputs {
  readonly min: string;
  readonly max: string;
  /** The sum is not a number if any element is not one, which extremes do not show. */
  readonly sum: string;
  /** Its elements, or those that are looked at; null where the caller has them: all of a graph input. */
  readonly values: string | null;
  /** The axis of `values` that channels lie along. */
  readonly channelAxis: number | null;
}

/** A copy of a graph that returns statistics instead of its results. */
export interface StatisticsGraph {
  readonly graph: Graph;
  /** In the order of the watches. */
  readonly outputs: readonly WatchOutputs[];
}

/**
 * Builds the graph that computes what is watched, inside as far as possible, so that little leaves the runtime. Composites
 * of training are decomposed, in the form that is deployed: the runtime does not know them.
 */
export function statisticsGraph(graph: Graph, watches: readonly Watch[]): StatisticsGraph {
  const clone = cloneGraph(graph);
  const editor = new GraphEditor(clone.graph);
  const returned: Value[] = [];
  const give = (value: Value): string => {
    if (!returned.includes(value)) returned.push(value);
    return value.name;
  };
  const { op } = editor;
  const outputs = watches.map(({ value, channelAxis, valuesPerSample }): WatchOutputs => {
    const twin = clone.values.get(value)!;
    const axes = channelAxis === null ? null : otherAxes(editor, twin, channelAxis);
    const values = valuesPerSample === 0 ? null : thinned(editor, twin, channelAxis, valuesPerSample);
    return {
      min: give(op.ReduceMin([twin, axes], { keepdims: 0 })),
      max: give(op.ReduceMax([twin, axes], { keepdims: 0 })),
      sum: give(op.ReduceSum([twin], { keepdims: 0 })),
      values: values === null || values.isGraphInput ? null : give(values),
      channelAxis,
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

/**
 * At least `wanted` elements of each sample, evenly spaced, where it has more than twice as many; channels stay whole. The
 * distance is odd, so that it falls on all columns of images, whose widths are even.
 */
function thinned(editor: GraphEditor, value: Value, channelAxis: number | null, wanted: number): Value {
  const [, ...dims] = value.shape ?? [];
  const sizes = dims.filter((dim): dim is number => typeof dim === "number");
  if (sizes.length < dims.length || (channelAxis !== null && channelAxis !== 1)) return value;
  const perSample = sizes.reduce((a, b) => a * b, 1);
  const floor = Math.floor(perSample / wanted);
  const step = floor % 2 === 0 ? floor - 1 : floor;
  const channels = channelAxis === null ? [] : [sizes[0]!];
  if (step < 2 || sizes.slice(channels.length).reduce((a, b) => a * b, 1) < step) return value;
  const { op } = editor;
  const integers = (...numbers: readonly number[]): Value => editor.initializer(Tensor.of("int64", numbers), "slice");
  const flat = op.Reshape([value, integers(0, ...channels, -1)]);
  const last = integers(channels.length + 1);
  return op.Slice([flat, integers(step >> 1), integers(2 ** 31 - 1), last, integers(step)]);
}
