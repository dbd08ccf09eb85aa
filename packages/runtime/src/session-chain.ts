import { invariant, type Model, type Tensor } from "@lowbit/ir";
import { cannotRun } from "./diagnostics.ts";
import { runChain } from "./run-chain.ts";
import { checkedFeeds, type Feeds, type Port } from "./feeds.ts";
import { Session, type SessionOptions } from "./session.ts";
import { loadOn } from "./thread-session.ts";
import { newSessionKey, receivedTensors, sentTensors, workerThread, type WorkerThread } from "./worker-thread.ts";

/** Values that stay on the thread of a chain, until they are dropped. */
export interface KeptValues {
  readonly key: number;
  readonly names: readonly string[];
}

/** What models of a chain read and give. */
export interface ChainRun {
  readonly feeds: Feeds;
  /** Values that are read besides the feeds. */
  readonly kept?: KeptValues;
  /** Names of what comes back, in fresh memory: computed, fed or kept. */
  readonly fetches: readonly string[];
  /** Names of what stays on the thread. Default: nothing. */
  readonly keep?: readonly string[];
}

/** What a run of a chain gave. */
export interface ChainResult {
  readonly results: Readonly<Record<string, Tensor>>;
  /** No names where nothing was to be kept. */
  readonly kept: KeptValues;
}

/**
 * Models that ONNX Runtime runs one after the other on a thread of their own, where each reads by name what it was given
 * or what one before it computed. What goes from model to model does not leave the thread. Chains with other numbers run
 * at the same time.
 *
 * In a source tree that was not built it all happens on the calling thread, with the same results.
 */
export class SessionChain {
  readonly #place: OnThread | Here;

  private constructor(place: OnThread | Here) {
    this.#place = place;
  }

  /**
   * Loads the models.
   *
   * @param lane the number of the thread; those of one number share it
   * @throws CompileError `runtime/load`
   */
  static async create(models: readonly Model[], options: SessionOptions, lane: number): Promise<SessionChain> {
    const thread = workerThread(lane);
    const place = thread ? new OnThread(thread) : new Here();
    try {
      for (const model of models) await place.load(model, options);
    } catch (error) {
      await place.release();
      throw error;
    }
    return new SessionChain(place);
  }

  /**
   * Runs some of the models, in the order given; none of them where feeds are only to be kept.
   *
   * @param indices of the models, as they were loaded
   * @throws CompileError `runtime/feed` before running when a tensor is missing or of another dtype, `runtime/run`
   */
  async run(indices: readonly number[], run: ChainRun): Promise<ChainResult> {
    const kept: KeptValues = { key: newSessionKey(), names: run.keep ?? [] };
    return { results: await this.#place.run(indices, run, kept), kept };
  }

  /** Frees values that were kept. */
  async drop(kept: KeptValues): Promise<void> {
    if (kept.names.length > 0) await this.#place.drop(kept.key);
  }

  /** Gives the memory of all models and kept values back; the chain cannot run any more. */
  async release(): Promise<void> {
    await this.#place.release();
  }
}

class OnThread {
  readonly #thread: WorkerThread;
  readonly #models: { readonly key: number; readonly inputs: readonly Port[]; readonly outputs: readonly Port[] }[] =
    [];

  constructor(thread: WorkerThread) {
    this.#thread = thread;
  }

  async load(model: Model, options: SessionOptions): Promise<void> {
    this.#models.push(await loadOn(this.#thread, model, options));
  }

  async run(indices: readonly number[], run: ChainRun, keep: KeptValues): Promise<Readonly<Record<string, Tensor>>> {
    const models = indices.map((index) => this.#models[index]!);
    const elsewhere = new Set([
      ...models.flatMap(({ outputs }) => outputs.map(({ name }) => name)),
      ...(run.kept?.names ?? []),
    ]);
    const inputs = models.flatMap((model) => model.inputs);
    checkedFeeds(
      inputs.filter(({ name }) => name in run.feeds || !elsewhere.has(name)),
      run.feeds,
    );
    const reply = await this.#thread.ask({
      kind: "chain",
      sessions: models.map(({ key }) => key),
      feeds: sentTensors(Object.entries(run.feeds)),
      kept: run.kept?.key ?? null,
      fetches: run.fetches,
      keep: keep.names.length > 0 ? keep : null,
    });
    if ("error" in reply) throw cannotRun(reply.error);
    invariant("results" in reply, "a chain gives tensors");
    return receivedTensors(reply.results);
  }

  async drop(key: number): Promise<void> {
    await this.#thread.ask({ kind: "drop", key });
  }

  async release(): Promise<void> {
    for (const { key } of this.#models) await this.#thread.ask({ kind: "release", session: key });
  }
}

class Here {
  readonly #sessions: Session[] = [];
  readonly #kept = new Map<number, Feeds>();

  async load(model: Model, options: SessionOptions): Promise<void> {
    this.#sessions.push(await Session.create(model, options));
  }

  async run(indices: readonly number[], run: ChainRun, keep: KeptValues): Promise<Readonly<Record<string, Tensor>>> {
    const sessions = indices.map((index) => this.#sessions[index]!);
    const links = sessions.map((session) => ({
      inputs: session.inputs.map(({ name }) => name),
      outputs: session.outputs.map(({ name }) => name),
      run: (given: Feeds, wanted: readonly string[]) => session.run(given, wanted),
    }));
    const given: Feeds = { ...(run.kept ? this.#kept.get(run.kept.key) : {}), ...run.feeds };
    const all = await runChain(links, given, [...run.fetches, ...keep.names]);
    const pick = (names: readonly string[]): Feeds => Object.fromEntries(names.map((name) => [name, all[name]!]));
    if (keep.names.length > 0) this.#kept.set(keep.key, pick(keep.names));
    return pick(run.fetches);
  }

  async drop(key: number): Promise<void> {
    this.#kept.delete(key);
  }

  async release(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }
}
