import type { Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { exposingCodes } from "./check.ts";
import type { Observed } from "./prove.ts";
import type { Subject } from "./subject.ts";

/** Runs a subject in this process. */
export async function observeHere({ forms: { qdq, integers }, feeds }: Subject): Promise<Observed> {
  return {
    qdq: await outputsOf(exposingCodes(qdq, integers), feeds),
    integers: await outputsOf(exposingCodes(integers, integers), feeds),
    shipped: await outputsOf(qdq, feeds),
  };
}

async function outputsOf(model: Model, feeds: readonly Feeds[]): Promise<readonly Feeds[]> {
  const session = await Session.create(model, { threads: 1 });
  const outputs: Feeds[] = [];
  for (const each of feeds) outputs.push(await session.run(each));
  await session.release();
  return outputs;
}
