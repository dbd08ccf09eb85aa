import { cloneModel, invariant, type Model } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import type { NamedSamples } from "../calibrate/feed-stream.ts";
import { samplesOf } from "../calibrate/samples.ts";
import { refuseNotFinite } from "./refuse-not-finite.ts";

/** Takes a result of a batch into what there is so far, which is 0 before the first, in place. */
type Fold = (folded: Float64Array, result: Float32Array, feeds: Feeds) => void;

/**
 * Folds what a model computes over data: each output in float64, element by element, in the order of the model's outputs.
 *
 * @throws CompileError `quantize/not-finite` about the first value that is not
 */
export async function foldedOutputs(
  model: Model,
  data: readonly Feeds[] & NamedSamples,
  threads: number | undefined,
  fold: Fold,
): Promise<readonly Float64Array[]> {
  const pruned = cloneModel(model);
  runPasses(pruned, [eliminateDeadCode]);
  const session = await Session.create(pruned, threads === undefined ? {} : { threads });
  try {
    const run = (feeds: Feeds): Promise<Feeds> => session.run(feeds);
    const [folded] = await foldedInTurns(1, { run, suspect: pruned }, data, fold);
    return pruned.graph.outputs.map(({ name }) => {
      const all = folded!.get(name);
      invariant(all, "folds need data");
      return all;
    });
  } finally {
    await session.release();
  }
}

/** What is run over data. */
export interface Folded {
  readonly run: (feeds: Feeds) => Promise<Feeds>;
  /** The model to look through where a result is not finite. */
  readonly suspect: Model;
}

/**
 * Folds results by name over batches that go to several parts in turns: with two, the even ones to the first.
 *
 * @throws CompileError `quantize/not-finite` about the first value that is not
 */
export async function foldedInTurns(
  parts: number,
  { run, suspect }: Folded,
  data: readonly Feeds[] & NamedSamples,
  fold: Fold,
): Promise<readonly ReadonlyMap<string, Float64Array>[]> {
  const folded = Array.from({ length: parts }, () => new Map<string, Float64Array>());
  let samples = 0;
  for (const [batch, feeds] of data.entries()) {
    const part = folded[batch % parts]!;
    for (const [name, tensor] of Object.entries(await run(feeds))) {
      const all = part.get(name) ?? new Float64Array(tensor.size);
      part.set(name, all);
      fold(all, tensor.floats(), feeds);
      if (all.every(Number.isFinite)) continue;
      await refuseNotFinite(suspect, feeds, { batch, samples, sampleName: data.sampleName });
    }
    samples += samplesOf(feeds);
  }
  return folded;
}
