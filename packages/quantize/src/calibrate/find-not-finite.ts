import { cloneGraph, GraphEditor, type CompileError, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { decomposeAllConvBatchNormalizations } from "../conv-batch-normalization/decompose.ts";
import { notFinite } from "../diagnostics.ts";
import { samplesOf } from "./samples.ts";
import type { Watch } from "./statistics-graph.ts";

/** Where a batch stands in the data. */
export interface Place {
  readonly batch: number;
  /** Samples before it. */
  readonly samples: number;
}

/** The error about a value that is not finite in a batch, with the sample where one can be told. */
export async function findNotFinite(model: Model, watch: Watch, feeds: Feeds, place: Place): Promise<CompileError> {
  const { value } = watch;
  const tensor = value.isGraphInput ? feeds[value.name] : await computed(model, watch, feeds);
  const size = samplesOf(feeds);
  if (!tensor || tensor.dims[0] !== size) return notFinite(value.name, place.batch, null);
  const index = tensor.floats().findIndex((element) => !Number.isFinite(element));
  return notFinite(value.name, place.batch, place.samples + Math.floor(index / (tensor.size / size)));
}

async function computed(model: Model, { value }: Watch, feeds: Feeds): Promise<Feeds[string] | undefined> {
  const { graph, values } = cloneGraph(model.graph);
  const twin = values.get(value)!;
  new GraphEditor(graph).setOutputs([twin]);
  decomposeAllConvBatchNormalizations(graph, "frozen-statistics");
  const session = await Session.create({ ...model, graph });
  try {
    return (await session.run(feeds))[twin.name];
  } finally {
    await session.release();
  }
}
