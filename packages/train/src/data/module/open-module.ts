import { CompileError, type Tensor } from "@lowbit/ir";
import { badModule, emptyData, missingArray, missingTargets } from "../../diagnostics.ts";
import type { Batch, BatchOptions, Dataset } from "../dataset.ts";
import type { Fitting, RawBatch } from "../fitting/fitting.ts";
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
    sampleName: (drawn) => `sample ${drawn} of "${path}" (the first is 0)`,
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

async function nextOf(
  iterator: AsyncIterator<unknown> | Iterator<unknown>,
  path: string,
): Promise<IteratorResult<unknown>> {
  try {
    return await iterator.next();
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw badModule(path, `it threw while giving batches: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function rawBatch(exported: unknown, fitting: Fitting, path: string): RawBatch {
  if (typeof exported !== "object" || exported === null)
    throw badModule(path, `a batch is ${typeOf(exported)}, not an object`);
  const batch = exported as Readonly<Record<string, unknown>>;
  const inputs: Record<string, Tensor> = {};
  for (const { name, shape } of fitting.inputs) {
    const alone = fitting.inputs.length === 1;
    const array = batch[name] ?? (alone ? batch["x"] : undefined);
    if (array === undefined) throw missingArray(name, alone, Object.keys(batch), path);
    inputs[name] = toTensor(array, shape?.slice(1) ?? null, name in batch ? `"${name}"` : '"x"', path);
  }
  const y = fitting.wantsTargets ? batch["y"] : undefined;
  return { inputs, target: y === undefined ? undefined : targetTensor(y, inputs, path) };
}

/** Targets without dimensions of their own have as many samples as the inputs. */
function targetTensor(y: unknown, inputs: RawBatch["inputs"], path: string): Tensor {
  const target = toTensor(y, null, '"y"', path);
  const samples = Object.values(inputs)[0]?.dims[0] ?? 0;
  const isFlat = target.dims.length === 1 && target.dims[0] !== samples;
  return isFlat && samples > 0 && target.size % samples === 0
    ? target.reshape([samples, target.size / samples])
    : target;
}

function typeOf(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}
