import { invariant, Tensor, type GraphEditor, type Value } from "@lowbit/ir";
import { EndsOutput } from "./ends-output.ts";
import { isNeverNegative, isPlanes, largestNegated, valuesInBlocks } from "./planes.ts";
import type { Watch } from "./watch.ts";

/** Where in the output of ends those of one watched value are. */
export interface EndsPlace {
  /** Index of its largest elements, and of its largest elements negated. */
  readonly largest: number;
  readonly negated: number;
  /** How many of each there are: one per channel of what may be a value whose channels do not matter. */
  readonly pairs: number;
  /** Whether the smallest elements are those of a part: if they are 0, those of the whole are. */
  readonly isPart: boolean;
}

/** The ends of watched values, side by side. */
export interface LookedAt {
  readonly output: Value;
  /** In the order of the watches. */
  readonly places: readonly EndsPlace[];
}

/**
 * Computes the smallest and largest elements of watched values.
 *
 * ONNX Runtime visits the operands of a node from the one whose producer is youngest on, so that it would look at the last
 * values of the model first, after all of it, when the other ones have long left the cache. What stays as it is, is made in
 * reverse order therefore. Nodes that are brought into blocks are made anew on the way, in the order of that visit: these
 * are made as the model has them. They come last, since whichever part of a model is looked at first is in the cache.
 *
 * @param twins the values of the watches in the graph that is edited
 * @param whole values to look at as a whole for their smallest element, although they are never negative
 */
export function lookAtEnds(
  editor: GraphEditor,
  twins: ReadonlyMap<Value, Value>,
  watches: readonly Watch[],
  whole: ReadonlySet<Value>,
): LookedAt {
  const { op } = editor;
  const ends = new EndsOutput();
  const inBlocks = valuesInBlocks(editor.graph);
  const looks = watches.map(({ value, channelAxis }) => {
    const twin = twins.get(value)!;
    const isPlanar = isPlanes(twin) && (channelAxis === null || channelAxis === 1);
    const isPart = isPlanar && isNeverNegative(twin) && !whole.has(value);
    return { twin, channelAxis, isPlanar, isPart, pairs: pairsOf(twin, isPlanar ? 1 : channelAxis) };
  });
  const largest = new Map<(typeof looks)[0], Value>();
  const negated = new Map<(typeof looks)[0], Value>();
  for (const look of looks.toReversed()) {
    const { twin, channelAxis, isPlanar, pairs } = look;
    if (isPlanar && inBlocks.has(twin)) continue;
    const axes = channelAxis === null ? null : otherAxes(editor, twin, channelAxis);
    largest.set(look, isPlanar ? op.GlobalMaxPool([twin]) : op.ReduceMax([twin, axes], { keepdims: 0 }));
    if (isPlanar) ends.addPool(largest.get(look)!, false);
    else {
      negated.set(look, op.Neg([op.ReduceMin([twin, axes], { keepdims: 0 })]));
      for (const end of [largest.get(look)!, negated.get(look)!]) ends.addVector(end, pairs);
    }
  }
  for (const look of looks) {
    if (!look.isPlanar) continue;
    if (!largest.has(look)) ends.addPool(largest.set(look, op.GlobalMaxPool([look.twin])).get(look)!, true);
    negated.set(look, largestNegated(editor, look.twin, look.isPart));
    ends.addPool(negated.get(look)!, true);
  }
  const { output, offsets } = ends.finish(editor);
  const places = looks.map((look) => {
    const { pairs, isPart } = look;
    return { largest: offsets.get(largest.get(look)!)!, negated: offsets.get(negated.get(look)!)!, pairs, isPart };
  });
  return { output, places };
}

function pairsOf(value: Value, axis: number | null): number {
  const pairs = axis === null ? 1 : value.shape?.[axis];
  invariant(typeof pairs === "number", `the number of channels of ${value.name} is unknown`);
  return pairs;
}

function otherAxes(editor: GraphEditor, value: Value, axis: number): Value {
  const rank = value.shape?.length;
  invariant(rank !== undefined, `the rank of ${value.name} is unknown`);
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return editor.initializer(Tensor.of("int64", axes), "axes");
}
