import type { Tensor } from "@lowbit/ir";
import { badModule, emptyData, missingArray, missingTargets } from "../../diagnostics.ts";
import type { Batch, BatchOptions, Dataset } from "../dataset.ts";
import type { Fitting, RawBatch } from "../fit/fitting.ts";
import { loadDataModule } from "./load-module.ts";
import { toTensor } from "./module-arrays.ts";
import { rebatch } from "./rebatch.ts";

/**
 * The batches of a JavaScript module, read as they come. The module exports, as default or as `batches`, an iterable
 * (async or not) or a function `({ batch, shuffle, samples }) => iterable`, which is called for every pass and once when
 * opened. Each batch is an object with an array (`ModuleArray`) per model input, or `x` when there is one, and the
 * targets `y`. The module may also export `size`, its number of samples.
 *
 * Batches may have any size; the order of samples is the module's own.
 *
 * @throws CompileError `data/missing-file`, `data/module`, `data/missing-array`, `data/empty`, `data/shape`, ...
 */
export async function openModule(path: string, fitting: Fitting): Promise<Dataset> {
  const module = await loadDataModule(path);
  let passes = 0;
  const read = async function* (options: BatchOptions): AsyncGenerator<Batch> {
    if (passes++ > 0 && !module.restarts) throw badModule(path, onePassOnly);
    let seen = 0;
    for await (const exported of guarded(module.start(options), path)) {
      const batch = fitting.fitBatch(rawBatch(exported, fitting, path), seen);
      seen += batch.size;
      yield batch;
    }
    if (seen === 0) throw emptyData(path);
  };
  // An iterable for one pass only is not begun here: its first batch would be lost.
  const first = module.restarts ? await firstOf(read({ batch: 1, samples: 1 })) : null;
  const hasTargets = fitting.wantsTargets && (first === null || first.target !== undefined);
  return {
    size: module.size,
    hasTargets,
    async *batches(options) {
      for await (const batch of rebatch(read(options), options.batch, options.samples)) {
        if (hasTargets && !batch.target) throw missingTargets();
        yield batch;
      }
    },
  };
}

const onePassOnly =
  "it exports an iterable that can be read once only; export a function that returns a new one for each pass";

async function firstOf(batches: AsyncIterable<Batch>): Promise<Batch | null> {
  for await (const batch of batches) return batch;
  return null;
}

/** What an iterable yields; what it throws becomes a diagnostic. */
async function* guarded(batches: AsyncIterable<unknown> | Iterable<unknown>, path: string): AsyncGenerator<unknown> {
  const iterator = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  try {
    for (;;) {
      const result = await nextOf(iterator, path);
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
