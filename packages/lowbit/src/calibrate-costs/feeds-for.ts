import type { Model } from "@lowbit/ir";
import type { Feeds, Port } from "@lowbit/runtime";
import { madeUpFeeds } from "../made-up-feeds.ts";

/** Made-up inputs for a model whose inputs have static shapes. */
export function feedsFor({ graph }: Model): Feeds {
  const ports = graph.inputs.map(({ name, dtype, shape }): Port => ({
    name,
    dtype: dtype!,
    shape: shape as readonly number[],
  }));
  return madeUpFeeds(ports, 1);
}
