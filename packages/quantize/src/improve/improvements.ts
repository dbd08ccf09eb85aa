import type { Pass } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import { equalizeRanges } from "./equalize-ranges.ts";
import { explicitBiases } from "./explicit-biases.ts";

/** What can be done to a float model for the sake of its quantized form; nothing of it is on unless named. */
export const improvementNames = ["equalize", "bias-correction"] as const;

export type Improvement = (typeof improvementNames)[number];

/** Most samples that bias correction looks at; more change its means by little. */
const correctionSamples = 256;

/** The passes over the float model that improvements need before it is planned. */
export function improvementPasses(improvements: readonly Improvement[]): readonly Pass[] {
  return [
    ...(improvements.includes("equalize") ? [equalizeRanges] : []),
    ...(improvements.includes("bias-correction") ? [explicitBiases] : []),
  ];
}

/** Passes data on, and keeps the first batches of it in `kept`. */
export async function* keepingSamples(
  data: AsyncIterable<Feeds> | Iterable<Feeds>,
  kept: Feeds[],
): AsyncGenerator<Feeds> {
  let samples = 0;
  for await (const feeds of data) {
    if (samples < correctionSamples) kept.push(feeds);
    samples += Object.values(feeds)[0]?.dims[0] ?? 1;
    yield feeds;
  }
}
