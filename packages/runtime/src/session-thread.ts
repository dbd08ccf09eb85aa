/**
 * The thread that `ThreadSession` runs models on. `onnxruntime-node` computes inside the call, so a model that runs on
 * the main thread lets nothing else happen there; here it does.
 */
import { MessageChannel, parentPort } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import { runInPlace, type Expected } from "./results-in-place.ts";

/** A tensor between threads. */
export interface SentTensor {
  readonly type: ort.Tensor.Type;
  readonly data: ort.Tensor.DataType;
  readonly dims: readonly number[];
}

/** What the thread is asked to do with one of its sessions. */
export type Request = { readonly id: number; readonly session: number } & (
  | { readonly kind: "create"; readonly model: Uint8Array; readonly options: ort.InferenceSession.SessionOptions }
  | {
      readonly kind: "run";
      readonly feeds: Readonly<Record<string, SentTensor>>;
      readonly fetches: readonly string[];
      /** All results, where they are to be written in place. */
      readonly expected: Readonly<Record<string, Expected>> | null;
    }
  | { readonly kind: "lastFeeds" }
  | { readonly kind: "release" }
);

/** The inputs and outputs of a new session. */
export interface Ports {
  readonly inputs: readonly ort.InferenceSession.ValueMetadata[];
  readonly outputs: readonly ort.InferenceSession.ValueMetadata[];
}

/** The answer to a request: what it asked for, or why not. */
export type Reply = { readonly id: number } & (
  | { readonly ports: Ports }
  | { readonly results: Readonly<Record<string, SentTensor>> }
  | { readonly released: true }
  | { readonly error: string }
);

interface Loaded {
  readonly session: ort.InferenceSession;
  lastFeeds: Readonly<Record<string, SentTensor>>;
}

const sessions = new Map<number, Loaded>();

async function answer(request: Request): Promise<Reply> {
  const { id, session: key } = request;
  if (request.kind === "create") {
    const session = await ort.InferenceSession.create(request.model, request.options);
    free([request.model.buffer]);
    sessions.set(key, { session, lastFeeds: {} });
    return { id, ports: { inputs: session.inputMetadata, outputs: session.outputMetadata } };
  }
  const loaded = sessions.get(key)!;
  const { session } = loaded;
  if (request.kind === "lastFeeds") {
    const results = loaded.lastFeeds;
    loaded.lastFeeds = {};
    return { id, results };
  }
  if (request.kind === "release") {
    sessions.delete(key);
    await session.release();
    return { id, released: true };
  }
  const retired = memoryOf(loaded.lastFeeds);
  loaded.lastFeeds = request.feeds;
  if (!request.expected) free(retired.splice(0));
  const feeds = Object.fromEntries(
    Object.entries(request.feeds).map(([name, sent]) => [
      name,
      new ort.Tensor(sent.type as "float32", sent.data as Float32Array, sent.dims),
    ]),
  );
  const inPlace = request.expected && (await runInPlace(session, feeds, request.expected, retired));
  free(retired);
  if (inPlace) return { id, results: inPlace };
  const results = await session.run(feeds, [...request.fetches]);
  return {
    id,
    results: Object.fromEntries(
      Object.entries(results).map(([name, value]) => {
        const { type, data, dims } = value as ort.Tensor;
        return [name, { type, data, dims }];
      }),
    ),
  };
}

/** The memory of tensors, each buffer once. */
function memoryOf(tensors: Readonly<Record<string, SentTensor>>): ArrayBuffer[] {
  const buffers = Object.values(tensors).map(({ data }) => (ArrayBuffer.isView(data) ? data.buffer : null));
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

const nowhere = new MessageChannel().port1;
nowhere.close();

/** Frees memory at once, by sending it nowhere: garbage collection would let much of it pile up. */
function free(memory: readonly ArrayBufferLike[]): void {
  nowhere.postMessage(
    null,
    memory.filter((buffer) => buffer instanceof ArrayBuffer),
  );
}

parentPort?.on("message", (request: Request) => {
  answer(request).then(
    // The memory of results goes over to the other thread instead of being copied.
    (reply) => parentPort!.postMessage(reply, "results" in reply ? memoryOf(reply.results) : []),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      parentPort!.postMessage({ id: request.id, error: text } satisfies Reply);
    },
  );
});
