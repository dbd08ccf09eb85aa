import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { badModule, missingFile, typeScriptModule } from "../../diagnostics.ts";
import type { BatchOptions } from "../dataset.ts";

/** What a data module exports. */
export interface DataModule {
  /** Begins a pass over the data. */
  readonly start: (options: BatchOptions) => AsyncIterable<unknown> | Iterable<unknown>;
  /** Whether each pass begins anew; otherwise `start` gives the same iterable again. */
  readonly restarts: boolean;
  /** Number of samples in a pass, when the module says so. */
  readonly size: number | null;
}

/**
 * Loads a JavaScript module that exports, as default or as `batches`, an iterable of batches or a function that returns
 * one (or a promise of one).
 *
 * @throws CompileError `data/missing-file`, `data/module`
 */
export async function loadDataModule(path: string): Promise<DataModule> {
  await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw missingFile(path, error.code ?? error.message);
  });
  const exported = await importFile(path);
  const batches = exported["default"] ?? exported["batches"];
  const size = typeof exported["size"] === "number" ? exported["size"] : null;
  if (typeof batches === "function") {
    return { start: (options) => deferred(() => batches(options), path), restarts: true, size };
  }
  if (!isIterable(batches)) {
    throw badModule(
      path,
      "it exports no iterable of batches and no function that returns one, as default or as `batches`",
    );
  }
  // A list or a class with an iterator of its own begins anew each time; a generator that has run is over.
  const restarts = Array.isArray(batches) || !("next" in batches);
  return { start: () => batches, restarts, size };
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    if (/\.[cm]?ts$/.test(path) && (error as NodeJS.ErrnoException).code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw typeScriptModule(path);
    }
    throw badModule(path, `it cannot be loaded: ${messageOf(error)}`);
  }
}

async function* deferred(call: () => unknown, path: string): AsyncGenerator<unknown> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    throw badModule(path, `its function threw: ${messageOf(error)}`);
  }
  if (!isIterable(result)) throw badModule(path, "its function returned no iterable of batches");
  yield* result;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
