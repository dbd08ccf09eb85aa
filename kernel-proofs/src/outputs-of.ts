import type { Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";

/** What a model gives for each of several inputs, on one thread. @param model or the path of one */
export async function outputsOf(model: Model | string, feeds: readonly Feeds[]): Promise<Feeds[]> {
  const session = await Session.create(model, { threads: 1 });
  const outputs: Feeds[] = [];
  for (const each of feeds) outputs.push(await session.run(each));
  await session.release();
  return outputs;
}
