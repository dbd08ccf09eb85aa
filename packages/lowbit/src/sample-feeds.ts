import type { Graph, Model, Shape } from "@lowbit/ir";
import { feedShapes } from "@lowbit/quantize";
import { Session, type Feeds } from "@lowbit/runtime";
import type { Dataset } from "@lowbit/train";
import { filled, fixedBatch } from "./calibration-feeds.ts";
import { madeUpFeeds } from "./made-up-feeds.ts";

/**
 * Samples as a model takes them, so many or as many as its batch wants; made up where there is no data, and repeated where
 * there is too little.
 *
 * @throws CompileError `runtime/load`, `bench/input`
 */
export async function sampleOf(model: Model, data: Dataset | null, count = 1): Promise<Feeds> {
  const drawn = data && (await drawnFrom(model.graph, data, count));
  if (drawn) return drawn;
  const session = await Session.create(model, { optimization: "disabled" });
  try {
    return madeUpFeeds(session.inputs, count);
  } finally {
    await session.release();
  }
}

/** The shapes of one sample as a graph takes it, by input; none where there is no data. */
export async function sampleShapes(graph: Graph, data: Dataset | null): Promise<Readonly<Record<string, Shape>>> {
  const drawn = data && (await drawnFrom(graph, data, 1));
  return drawn ? feedShapes(drawn) : {};
}

async function drawnFrom({ inputs }: Graph, data: Dataset, count: number): Promise<Feeds | null> {
  const size = fixedBatch(inputs) ?? count;
  for await (const drawn of data.batches({ batch: size, samples: count, shuffle: 0 })) return filled(drawn, size);
  return null;
}
