import type { Shape } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";

/** Inputs of a model, one run after the other; a generator can be read only once. */
export type FeedSource = AsyncIterable<Feeds> | Iterable<Feeds>;

/** Batches read off a source, and all of the source: what was read and what is still to come. */
export interface StartedStream {
  readonly first: readonly Feeds[];
  readonly data: AsyncIterable<Feeds>;
}

/** Reads the start of a source: whole batches, until so many samples are there. */
export async function startStream(source: FeedSource, samples: number): Promise<StartedStream> {
  const stream = streamOf(source);
  const first: Feeds[] = [];
  for (let seen = 0; seen < samples;) {
    const next = await stream.next();
    if (next.done) break;
    first.push(next.value);
    seen += Object.values(next.value)[0]?.dims[0] ?? 1;
  }
  return { first, data: joined(first, stream) };
}

/** The shapes of feeds, by input. */
export function feedShapes(feeds: Feeds): Readonly<Record<string, Shape>> {
  return Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
}

async function* streamOf(source: FeedSource): AsyncGenerator<Feeds> {
  yield* source;
}

async function* joined(first: readonly Feeds[], rest: AsyncGenerator<Feeds>): AsyncGenerator<Feeds> {
  yield* first;
  yield* rest;
}
