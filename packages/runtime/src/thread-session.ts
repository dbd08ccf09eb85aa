import { invariant, modelBytes, type Model, type Tensor } from "@lowbit/ir";
import { cannotLoad, cannotRun } from "./diagnostics.ts";
import { bytesInPlace, expectedResults } from "./in-place-model.ts";
import { uncopiedOutput } from "./results-in-place.ts";
import type { Reply } from "./session-thread.ts";
import { checkedFeeds, type Feeds, type Port } from "./feeds.ts";
import { portOf, runtimeOptions, Session, type SessionOptions } from "./session.ts";
import { newSessionKey, receivedTensors, sentTensors, workerThread, type WorkerThread } from "./worker-thread.ts";

/** The number of the thread that all such sessions share. */
const sharedThread = 0;

/**
 * A model loaded into ONNX Runtime on a thread of its own, so that JavaScript goes on while it runs: onnxruntime-node
 * computes inside the call, and a `Session` blocks the thread it is called on.
 */
export class ThreadSession {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #thread: WorkerThread;
  readonly #key: number;
  readonly #inPlace: boolean;
  /** Inputs that what the last run left on the thread goes to. */
  #held: ReadonlySet<string> = new Set();

  private constructor(
    thread: WorkerThread,
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
    const thread = workerThread(sharedThread);
    if (!thread) return Session.create(model, options);
    const { key, inputs, outputs } = await loadOn(thread, model, options);
    return new ThreadSession(thread, key, inputs, outputs, options.resultsInPlace ?? false);
  }

  /**
   * Runs the model once. Results are fresh memory; only the named ones come back (default: all).
   *
   * @param given names of feeds whose memory is given away: the caller must not touch these tensors again. Other feeds
   *   are copied.
   * @param staying results that do not come back, and the inputs that the next run gets them for where it is not fed others.
   *   Memory that changes threads is new to the garbage collector of either: with 90 MB a run it collected everything every
   *   time, on as many threads as there are cores.
   * @throws CompileError `runtime/feed` before running when a tensor is missing or of another dtype, `runtime/run`
   */
  async run(
    feeds: Feeds,
    fetches?: readonly string[],
    given: ReadonlySet<string> = new Set(),
    staying: ReadonlyMap<string, string> = new Map(),
  ): Promise<Record<string, Tensor>> {
    const fed = this.inputs.filter(({ name }) => name in feeds || !this.#held.has(name));
    const sent = sentTensors(checkedFeeds(fed, feeds));
    const transfer = new Set<ArrayBuffer>();
    for (const [name, { data }] of Object.entries(sent)) {
      if (given.has(name) && ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) transfer.add(data.buffer);
    }
    const wanted = fetches ? this.outputs.filter(({ name }) => fetches.includes(name)) : this.outputs;
    const request = {
      kind: "run",
      session: this.#key,
      feeds: sent,
      fetches: wanted.map(({ name }) => name),
      expected: this.#inPlace ? expectedResults(this.inputs, wanted, feeds) : null,
      staying: Object.fromEntries(staying),
    } as const;
    const reply = await this.#thread.ask(request, [...transfer]);
    if ("error" in reply) throw cannotRun(reply.error);
    if (staying.size > 0) this.#held = new Set(staying.values());
    return tensorsOf(reply);
  }

  /** By input what stayed for the next run, which has to be fed it then. */
  async takeHeld(): Promise<Record<string, Tensor>> {
    this.#held = new Set();
    return tensorsOf(await this.#thread.ask({ kind: "takeHeld", session: this.#key }));
  }

  /** Of each tensor that stayed for the next run, by input, at most so many elements, evenly spread: [elements]. */
  async sampleHeld(atMost: number): Promise<Record<string, Tensor>> {
    return tensorsOf(await this.#thread.ask({ kind: "sampleHeld", session: this.#key, atMost }));
  }

  /** What the last run was fed, once: also the tensors whose memory was given away. */
  async lastFeeds(): Promise<Record<string, Tensor>> {
    return tensorsOf(await this.#thread.ask({ kind: "lastFeeds", session: this.#key }));
  }

  /** Gives the memory back; the session cannot run any more. */
  async release(): Promise<void> {
    await this.#thread.ask({ kind: "release", session: this.#key });
  }
}

/** Loads a model on a thread. @throws CompileError `runtime/load` */
export async function loadOn(
  thread: WorkerThread,
  model: Model,
  options: SessionOptions,
): Promise<{ readonly key: number; readonly inputs: readonly Port[]; readonly outputs: readonly Port[] }> {
  const key = newSessionKey();
  const bytes = options.resultsInPlace ? bytesInPlace(model) : modelBytes(model);
  const reply = await thread.ask(
    { kind: "create", session: key, model: bytes, options: runtimeOptions(options) },
    // Moved instead of copied, unless the bytes are a part of something larger.
    bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength ? [bytes.buffer] : [],
  );
  if ("error" in reply) throw cannotLoad("the model", reply.error);
  invariant("ports" in reply, "a session was created");
  const outputs = reply.ports.outputs.filter(({ name }) => name !== uncopiedOutput);
  return { key, inputs: reply.ports.inputs.map(portOf), outputs: outputs.map(portOf) };
}

function tensorsOf(reply: Reply): Record<string, Tensor> {
  invariant("results" in reply, "a session gives tensors");
  return receivedTensors(reply.results);
}
