import { cloneGraph, GraphEditor, type CompileError, type Model, type Tensor, type Value } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { decomposeAllConvBatchNormalizations } from "../conv-batch-normalization/decompose.ts";
import { notFinite } from "../diagnostics.ts";
import { samplesOf } from "./samples.ts";

/** Where a batch stands in the data. */
export interface Place {
  readonly batch: number;
  /** Samples before it. */
  readonly samples: number;
  /** How samples are called; by default, by their number. */
  readonly sampleName?: ((index: number) => string) | undefined;
}

/**
 * The error about the first watched value that is not finite in a batch, with the sample where one can be told; null when
 * all are, and only sums of them were too large.
 */
export async function findNotFinite(
  model: Model,
  watched: readonly Value[],
  feeds: Feeds,
  place: Place,
): Promise<CompileError | null> {
  const checks = await computed(model, watched, feeds, (editor, twin) => {
    // x - x is 0 unless x is NaN or infinite.
    return editor.op.ReduceSum([editor.op.Sub([twin, twin])], { keepdims: 0 });
  });
  const value = watched[checks.findIndex((check) => check.item() !== 0)];
  if (!value) return null;
  const [tensor] = await computed(model, [value], feeds, (editor, twin) => editor.op.Identity([twin]));
  const size = samplesOf(feeds);
  if (tensor!.dims[0] !== size) return notFinite(value.name, `calibration batch ${place.batch} (the first is 0)`);
  const index = tensor!.floats().findIndex((element) => !Number.isFinite(element));
  const sample = place.samples + Math.floor(index / (tensor!.size / size));
  return notFinite(value.name, place.sampleName?.(sample) ?? `calibration sample ${sample} (the first is 0)`);
}

/** What some ops make of values of the model. */
async function computed(
  model: Model,
  values: readonly Value[],
  feeds: Feeds,
  make: (editor: GraphEditor, twin: Value) => Value,
): Promise<readonly Tensor[]> {
  const clone = cloneGraph(model.graph);
  const editor = new GraphEditor(clone.graph);
  const made = values.map((value) => make(editor, clone.values.get(value)!));
  editor.setOutputs(made);
  decomposeAllConvBatchNormalizations(clone.graph, "frozen-statistics");
  // Simplified, x - x would be 0 whatever x is.
  const session = await Session.create({ ...model, graph: clone.graph }, { optimization: "disabled" });
  try {
    const results = await session.run(feeds);
    return made.map(({ name }) => results[name]!);
  } finally {
    await session.release();
  }
}
