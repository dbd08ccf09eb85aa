import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { invariant, modelBytes, type Model, type Tensor } from "@lowbit/ir";
import * as ort from "onnxruntime-node";
import { fromRuntime, toRuntime } from "./convert-tensor.ts";
import { badFeed, cannotLoad, cannotRun } from "./diagnostics.ts";
import { bytesInPlace, expectedResults } from "./in-place-model.ts";
import { uncopiedOutput } from "./results-in-place.ts";
import type { Reply, Request, SentTensor } from "./session-thread.ts";
import { portOf, runtimeOptions, Session, type Feeds, type Port, type SessionOptions } from "./session.ts";

/** A request before it has its number. */
type Asked = Request extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never;

/** The thread that all such sessions share, and who waits for its answers. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  #asked = 0;

  constructor(file: string) {
    this.#worker = new Worker(file, { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      waiting?.resolve(reply);
    });
    this.#worker.on("error", (error) => {
      for (const { reject } of this.#waiting.values()) reject(error as Error);
      this.#waiting.clear();
    });
  }

  /** The process stays alive until the answer is there. */
  ask(request: Asked, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id }, [...transfer]);
    });
  }
}

let shared: Thread | null = null;
let created = 0;

/** The shared thread; null in a source tree that was not built, where there is nothing it could load. */
function thread(): Thread | null {
  if (shared) return shared;
  try {
    shared = new Thread(createRequire(import.meta.url).resolve("@lowbit/runtime/session-thread"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
  }
  return shared;
}

/**
 * A model loaded into ONNX Runtime on a thread of its own, so that JavaScript goes on while it runs: onnxruntime-node
 * computes inside the call, and a `Session` blocks the thread it is called on.
 */
export class ThreadSession {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #thread: Thread;
  readonly #key: number;
  readonly #inPlace: boolean;

  private constructor(
    thread: Thread,
    key: number,
    inputs: readonly Port[],
    outputs: readonly Port[],
    inPlace: boolean,
  ) {
    this.#thread = thread;
    this.#key = key;
    this.#inPlace = inPlace;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Loads a model. In a source tree that was not built it gets an ordinary `Session`, with the same results.
   *
   * @throws CompileError `runtime/load`
   */
  static async create(model: Model, options: SessionOptions = {}): Promise<ThreadSession | Session> {
    const running = thread();
    if (!running) return Session.create(model, options);
    const session = created++;
    const { resultsInPlace = false } = options;
    const bytes = resultsInPlace ? bytesInPlace(model) : modelBytes(model);
    const reply = await running.ask(
      { kind: "create", session, model: bytes, options: runtimeOptions(options) },
      // Moved instead of copied, unless the bytes are a part of something larger.
      bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength ? [bytes.buffer] : [],
    );
    if ("error" in reply) throw cannotLoad("the model", reply.error);
    invariant("ports" in reply, "a session was created");
    const outputs = reply.ports.outputs.filter(({ name }) => name !== uncopiedOutput);
    return new ThreadSession(running, session, reply.ports.inputs.map(portOf), outputs.map(portOf), resultsInPlace);
  }

  /**
   * Runs the model once. Results are fresh memory; only the named ones come back (default: all).
   *
   * @param given names of feeds whose memory is given away: the caller must not touch these tensors again. Other feeds
   *   are copied.
   * @throws CompileError `runtime/feed` before running when a tensor is missing or of another dtype, `runtime/run`
   */
  async run(
    feeds: Feeds,
    fetches?: readonly string[],
    given: ReadonlySet<string> = new Set(),
  ): Promise<Record<string, Tensor>> {
    const sent: Record<string, SentTensor> = {};
    const transfer = new Set<ArrayBuffer>();
    for (const { name, dtype } of this.inputs) {
      const tensor = feeds[name];
      if (!tensor) throw badFeed(`input "${name}" (${dtype}) was not given a tensor`, name);
      if (tensor.dtype !== dtype) throw badFeed(`input "${name}" takes ${dtype}, got ${tensor.dtype}`, name);
      const { type, data, dims } = toRuntime(tensor);
      sent[name] = { type, data, dims };
      if (given.has(name) && ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) transfer.add(data.buffer);
    }
    const wanted = fetches ? this.outputs.filter(({ name }) => fetches.includes(name)) : this.outputs;
    const request = {
      kind: "run",
      session: this.#key,
      feeds: sent,
      fetches: wanted.map(({ name }) => name),
      expected: this.#inPlace ? expectedResults(this.inputs, wanted, feeds) : null,
    } as const;
    const reply = await this.#thread.ask(request, [...transfer]);
    if ("error" in reply) throw cannotRun(reply.error);
    return tensorsOf(reply);
  }

  /** What the last run was fed, once: also the tensors whose memory was given away. */
  async lastFeeds(): Promise<Record<string, Tensor>> {
    return tensorsOf(await this.#thread.ask({ kind: "lastFeeds", session: this.#key }));
  }

  async release(): Promise<void> {
    await this.#thread.ask({ kind: "release", session: this.#key });
  }
}

function tensorsOf(reply: Reply): Record<string, Tensor> {
  invariant("results" in reply, "a session gives tensors");
  return Object.fromEntries(
    Object.entries(reply.results).map(([name, { type, data, dims }]) => [
      name,
      fromRuntime(new ort.Tensor(type as "float32", data as Float32Array, dims)),
    ]),
  );
}
