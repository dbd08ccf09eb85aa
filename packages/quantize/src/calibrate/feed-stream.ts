import type { Shape } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";

/** Inputs of a model, one run after the other; a generator can be read only once. */
export type FeedSource = (AsyncIterable<Feeds> | Iterable<Feeds>) & NamedSamples;

/** What may stand beside feeds, for messages about them. */
export interface NamedSamples {
  /** Where the owner of the data finds a sample. @param index of the sample among those of the feeds; the first is 0 */
  readonly sampleName?: (index: number) => string;
}

/** Batches read off a source, and all of the source: what was read and what is still to come. */
export interface StartedStream {
  readonly first: readonly Feeds[] & NamedSamples;
  readonly data: AsyncIterable<Feeds> & NamedSamples;
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
  return { first: withSampleNames(first, source), data: withSampleNames(joined(first, stream), source) };
}

/** An iterable that calls its samples as another one does. */
function withSampleNames<Source extends object>(feeds: Source, { sampleName }: NamedSamples): Source & NamedSamples {
  return sampleName ? Object.assign(feeds, { sampleName }) : feeds;
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
