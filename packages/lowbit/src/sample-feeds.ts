import type { Graph, Model, Shape } from "@lowbit/ir";
import { feedShapes } from "@lowbit/quantize";
import { Session, type Feeds } from "@lowbit/runtime";
import type { Dataset } from "@lowbit/train";
import { calibrationFeeds } from "./calibration-feeds.ts";
import { madeUpFeeds } from "./made-up-feeds.ts";

/**
 * One sample as a model takes it, as many times as its batch wants; made up where there is no data.
 *
 * @throws CompileError `runtime/load`, `bench/input`
 */
export async function sampleOf(model: Model, data: Dataset | null): Promise<Feeds> {
  for await (const feeds of data ? calibrationFeeds(data, model.graph.inputs, { samples: 1, batch: 1 }) : [])
    return feeds;
  const session = await Session.create(model, { optimization: "disabled" });
  try {
    return madeUpFeeds(session.inputs, 1);
  } finally {
    await session.release();
  }
}

/** The shapes of one sample as a graph takes it, by input; none where there is no data. */
export async function sampleShapes({ inputs }: Graph, data: Dataset | null): Promise<Readonly<Record<string, Shape>>> {
  for await (const feeds of data ? calibrationFeeds(data, inputs, { samples: 1, batch: 1 }) : [])
    return feedShapes(feeds);
  return {};
}
