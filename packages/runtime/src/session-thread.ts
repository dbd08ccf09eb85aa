/**
 * The thread that `ThreadSession` runs models on. `onnxruntime-node` computes inside the call, so a model that runs on
 * the main thread lets nothing else happen there; here it does.
 */
import { parentPort } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import { freeMemory } from "./free-memory.ts";
import { runInPlace, type Expected } from "./results-in-place.ts";
import { runChain } from "./run-chain.ts";
import type { SentTensor } from "./sent-tensor.ts";

/** What the thread is asked to do with one of its sessions. */
export type Request = { readonly id: number } & (
  | {
      readonly kind: "create";
      readonly session: number;
      readonly model: Uint8Array;
      readonly options: ort.InferenceSession.SessionOptions;
    }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: Readonly<Record<string, SentTensor>>;
      readonly fetches: readonly string[];
      /** All results, where they are to be written in place. */
      readonly expected: Readonly<Record<string, Expected>> | null;
      /** Results that stay here, and the inputs that the next run is fed with them. */
      readonly staying: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "chain";
      readonly sessions: readonly number[];
      readonly feeds: Readonly<Record<string, SentTensor>>;
      /** The key of values that are read besides the feeds. */
      readonly kept: number | null;
      readonly fetches: readonly string[];
      /** What is kept here, and under which key. */
      readonly keep: { readonly key: number; readonly names: readonly string[] } | null;
    }
  | { readonly kind: "drop"; readonly key: number }
  | { readonly kind: "lastFeeds"; readonly session: number }
  | { readonly kind: "takeHeld"; readonly session: number }
  | { readonly kind: "sampleHeld"; readonly session: number; readonly atMost: number }
  | { readonly kind: "release"; readonly session: number }
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
  /** By input: what stayed here for the next run. */
  held: Readonly<Record<string, SentTensor>>;
}

const sessions = new Map<number, Loaded>();

async function answer(request: Request): Promise<Reply> {
  const { id } = request;
  if (request.kind === "chain") return answerChain(request);
  if (request.kind === "drop") {
    drop(request.key);
    return { id, released: true };
  }
  const { session: key } = request;
  if (request.kind === "create") {
    const session = await ort.InferenceSession.create(request.model, request.options);
    freeMemory([request.model.buffer]);
    sessions.set(key, { session, lastFeeds: {}, held: {} });
    return { id, ports: { inputs: session.inputMetadata, outputs: session.outputMetadata } };
  }
  const loaded = sessions.get(key)!;
  const { session } = loaded;
  if (request.kind === "lastFeeds") {
    const results = loaded.lastFeeds;
    loaded.lastFeeds = {};
    return { id, results };
  }
  if (request.kind === "takeHeld") {
    const results = loaded.held;
    loaded.held = {};
    return { id, results };
  }
  if (request.kind === "sampleHeld") return { id, results: samplesOf(loaded.held, request.atMost) };
  if (request.kind === "release") {
    sessions.delete(key);
    await session.release();
    return { id, released: true };
  }
  const given = { ...loaded.held, ...request.feeds };
  const inUse = new Set(memoryOf(given));
  // What is held may be what a run that failed was fed, and is not read any more where others are fed in its place.
  const before = [...new Set([loaded.lastFeeds, loaded.held].flatMap(memoryOf))];
  const retired = before.filter((buffer) => !inUse.has(buffer));
  loaded.lastFeeds = given;
  if (!request.expected) freeMemory(retired.splice(0));
  const feeds = tensorsOf(given);
  const inPlace = request.expected && (await runInPlace(session, feeds, request.expected, retired));
  freeMemory(retired);
  const results = inPlace ?? sentOf(await session.run(feeds, [...request.fetches]));
  const stays = Object.entries(request.staying);
  if (stays.length > 0) loaded.held = Object.fromEntries(stays.map(([output, input]) => [input, results[output]!]));
  return { id, results: Object.fromEntries(Object.entries(results).filter(([name]) => !(name in request.staying))) };
}

/** Of each tensor of floats some elements, evenly spread; others as they are. */
function samplesOf(
  tensors: Readonly<Record<string, SentTensor>>,
  atMost: number,
): Readonly<Record<string, SentTensor>> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const { data } = tensor;
      if (!(data instanceof Float32Array)) return [name, tensor];
      const step = Math.max(1, Math.ceil(data.length / atMost));
      const sample = Float32Array.from({ length: Math.ceil(data.length / step) }, (_, index) => data[index * step]!);
      return [name, { type: tensor.type, data: sample, dims: [sample.length] }];
    }),
  );
}

/** Values that stay here between the runs of chains. */
const keptValues = new Map<number, Readonly<Record<string, ort.OnnxValue>>>();

async function answerChain(request: Request & { readonly kind: "chain" }): Promise<Reply> {
  const { id, sessions: keys, kept, fetches, keep } = request;
  const links = keys.map((key) => {
    const { session } = sessions.get(key)!;
    return {
      inputs: session.inputNames,
      outputs: session.outputNames,
      run: (given: ort.InferenceSession.FeedsType, wanted: readonly string[]) => session.run(given, [...wanted]),
    };
  });
  const given = { ...(kept === null ? {} : keptValues.get(kept)!), ...tensorsOf(request.feeds) };
  const all = await runChain<ort.OnnxValue>(links, given, [...fetches, ...(keep?.names ?? [])], (unread) =>
    freeMemory(memoryOf(Object.fromEntries(unread.entries()))),
  );
  const pick = (names: readonly string[]): Record<string, ort.OnnxValue> =>
    Object.fromEntries(names.map((name) => [name, all[name]!]));
  if (keep) keptValues.set(keep.key, pick(keep.names));
  const results = sentOf(pick(fetches));
  const inUse = new Set([...keptMemory(), ...memoryOf(results)]);
  freeMemory(memoryOf(request.feeds).filter((buffer) => !inUse.has(buffer)));
  return { id, results };
}

/** The memory of all that is kept or held: it is copied where it is asked for. */
function keptMemory(): ReadonlySet<ArrayBuffer> {
  const held = [...sessions.values()].map((loaded) => loaded.held);
  return new Set([...keptValues.values(), ...held].flatMap(memoryOf));
}

function drop(key: number): void {
  const memory = memoryOf(keptValues.get(key) ?? {});
  keptValues.delete(key);
  const inUse = keptMemory();
  freeMemory(memory.filter((buffer) => !inUse.has(buffer)));
}

function tensorsOf(feeds: Readonly<Record<string, SentTensor>>): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, sent]) => [
      name,
      new ort.Tensor(sent.type as "float32", sent.data as Float32Array, sent.dims),
    ]),
  );
}

function sentOf(results: Readonly<Record<string, ort.OnnxValue>>): Record<string, SentTensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => {
      const { type, data, dims } = value as ort.Tensor;
      return [name, { type, data, dims }];
    }),
  );
}

/** The memory of tensors, each buffer once. */
function memoryOf(tensors: Readonly<Record<string, SentTensor | ort.OnnxValue>>): ArrayBuffer[] {
  const buffers = Object.values(tensors).map((tensor) => {
    const { data } = tensor as SentTensor;
    return ArrayBuffer.isView(data) ? data.buffer : null;
  });
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

parentPort?.on("message", (request: Request) => {
  answer(request)
    .then((reply) => {
      // The memory of results goes over to the other thread instead of being copied, unless it stays here too.
      const inUse = keptMemory();
      const moved = "results" in reply ? memoryOf(reply.results).filter((buffer) => !inUse.has(buffer)) : [];
      parentPort!.postMessage(reply, moved);
    })
    .catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      parentPort!.postMessage({ id: request.id, error: text } satisfies Reply);
    });
});
