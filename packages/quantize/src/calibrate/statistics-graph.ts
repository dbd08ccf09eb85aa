import { cloneGraph, GraphEditor, newModel, Tensor, type Graph, type Value } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { decomposeAllConvBatchNormalizations } from "../conv-batch-normalization/decompose.ts";
import { lookAtEnds, type EndsPlace } from "./look-at-ends.ts";
import { isPlanes, thinnedPlanes } from "./planes.ts";
import type { Watch } from "./watch.ts";

/** Where the outputs tell about one watched value. */
interface WatchOutputs extends EndsPlace {
  /** Whether its elements are in `check`, which extremes do not show everything of: NaN. */
  readonly isSummed: boolean;
  /** The output with its elements, or those that are looked at; null where the caller has them: all of a graph input. */
  readonly values: string | null;
  /** The axis of `values` that channels lie along. */
  readonly channelAxis: number | null;
}

/** A copy of a graph that returns statistics instead of its results. */
export interface StatisticsGraph {
  readonly graph: Graph;
  /** The output with the ends of all watched values. */
  readonly ends: string;
  /** The output with one number that is not one if any element of a summed value is not one; null if none is summed. */
  readonly check: string | null;
  /** In the order of the watches. */
  readonly outputs: readonly WatchOutputs[];
}

/** What is looked at more closely than it must be for the extremes of most data. */
export interface CloserLook {
  /** Values to look at as a whole for their smallest element, although they are never negative. */
  readonly whole: ReadonlySet<Value>;
  /** Values of which no bound proves that they are finite. */
  readonly summed: ReadonlySet<Value>;
}

/**
 * Builds the graph that computes what is watched, inside as far as possible, so that little leaves the runtime. Composites
 * of training are decomposed, in the form that is deployed: the runtime does not know them.
 */
export function statisticsGraph(graph: Graph, watches: readonly Watch[], closer: CloserLook): StatisticsGraph {
  const clone = cloneGraph(graph);
  const editor = new GraphEditor(clone.graph);
  const ends = lookAtEnds(editor, clone.values, watches, closer.whole);
  const [sums, values]: [Value[], Value[]] = [[], []];
  const watched = watches.map(({ value, channelAxis, valuesPerSample }) => {
    const twin = clone.values.get(value)!;
    const counted = valuesPerSample === 0 ? null : thinned(editor, twin, channelAxis, valuesPerSample);
    const isReturned = counted !== null && !counted.isGraphInput;
    if (isReturned && !values.includes(counted)) values.push(counted);
    const isSummed = closer.summed.has(value);
    if (isSummed) sums.push(editor.op.ReduceSum([twin], { keepdims: 0 }));
    return { isSummed, values: isReturned ? counted.name : null, channelAxis };
  });
  const check = sums.length === 0 ? null : editor.op.Sum(sums);
  editor.setOutputs([ends.output, ...(check ? [check] : []), ...values]);
  runPasses(newModel(clone.graph), [eliminateDeadCode]);
  decomposeAllConvBatchNormalizations(clone.graph, "frozen-statistics");
  const outputs = watched.map((each, i) => ({ ...each, ...ends.places[i]! }));
  return { graph: clone.graph, ends: ends.output.name, check: check && check.name, outputs };
}

/**
 * At least `wanted` elements of each sample, evenly spaced, where it has more than twice as many; channels stay whole. The
 * distance is odd, so that it falls on all columns of images, whose widths are even.
 */
function thinned(editor: GraphEditor, value: Value, channelAxis: number | null, wanted: number): Value {
  const [, ...dims] = value.shape ?? [];
  const sizes = dims.filter((dim): dim is number => typeof dim === "number");
  if (sizes.length < dims.length || (channelAxis !== null && channelAxis !== 1)) return value;
  if (isPlanes(value)) return thinnedPlanes(editor, value, wanted) ?? value;
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
