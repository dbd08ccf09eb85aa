import type { Model } from "@lowbit/ir";
import { Session, type Feeds, type SessionOptions } from "@lowbit/runtime";
import { batchConflict } from "./diagnostics.ts";
import { madeUpFeeds } from "./made-up-feeds.ts";

/** How long a model takes for one run. */
export interface Timing {
  readonly model: string;
  readonly medianMs: number;
  /** Quartiles. */
  readonly lowMs: number;
  readonly highMs: number;
  readonly runs: number;
}

/** A model that is in no file, under a name for messages. */
export interface NamedModel {
  readonly name: string;
  readonly model: Model;
}

/** Timings of models measured side by side. */
export interface Benchmark {
  readonly batch: number;
  /** In the order of the models. */
  readonly timings: readonly Timing[];
}

/** How models are measured. */
export interface BenchmarkOptions {
  /** Samples per run. Default: what the models fix, else 1. */
  readonly batch?: number;
  readonly threads?: number;
  /** Inputs of a run with so many samples. Default: made up. */
  readonly feeds?: (batch: number) => Promise<Feeds>;
  /** Time to spend per model. Default: 2 seconds. */
  readonly seconds?: number;
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** One round of a model lasts about this long, so that a switch between models disturbs only a small part of it. */
const roundMilliseconds = 20;
const leastRounds = 5;
const warmUpRuns = 3;

/**
 * Measures the latency of models (paths, or models in memory) on the same inputs, in turns, so that all see the same state of the machine.
 *
 * @throws CompileError `bench/batch`, `runtime/load`, `runtime/run`
 */
export async function benchmark(
  models: readonly (string | NamedModel)[],
  options: BenchmarkOptions = {},
): Promise<Benchmark> {
  const { threads, seconds = 2, onProgress } = options;
  const runtime: SessionOptions = {
    ...(threads === undefined ? {} : { threads }),
    // Between runs, the threads of one session would otherwise spin on the cores that the other one needs.
    config: { "session.force_spinning_stop": "1" },
  };
  const sessions: Session[] = [];
  try {
    const names = models.map((model) => (typeof model === "string" ? model : model.name));
    for (const model of models) {
      sessions.push(await Session.create(typeof model === "string" ? model : model.model, runtime));
    }
    const batch = commonBatch(names, sessions, options.batch);
    const runners: Runner[] = [];
    const given = await options.feeds?.(batch);
    for (const session of sessions) {
      runners.push(await Runner.create(session, given ?? madeUpFeeds(session.inputs, batch)));
    }
    const until = performance.now() + 1000 * seconds * models.length;
    const started = performance.now();
    for (let round = 0; round < leastRounds || performance.now() < until; round++) {
      for (const runner of runners) await runner.round();
      onProgress?.(Math.min(1, (performance.now() - started) / (until - started)));
    }
    return { batch, timings: runners.map((runner, index) => runner.timing(names[index]!)) };
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** The times of one model. */
class Runner {
  readonly #session: Session;
  readonly #feeds: Feeds;
  readonly #perRound: number;
  readonly #times: number[] = [];

  private constructor(session: Session, feeds: Feeds, perRound: number) {
    this.#session = session;
    this.#feeds = feeds;
    this.#perRound = perRound;
  }

  static async create(session: Session, feeds: Feeds): Promise<Runner> {
    let last = 0;
    for (let i = 0; i < warmUpRuns; i++) {
      const started = performance.now();
      await session.run(feeds);
      last = performance.now() - started;
    }
    return new Runner(session, feeds, Math.max(1, Math.min(1000, Math.round(roundMilliseconds / last))));
  }

  async round(): Promise<void> {
    for (let i = 0; i < this.#perRound; i++) {
      const started = performance.now();
      await this.#session.run(this.#feeds);
      this.#times.push(performance.now() - started);
    }
  }

  timing(model: string): Timing {
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return { model, medianMs: at(0.5), lowMs: at(0.25), highMs: at(0.75), runs: sorted.length };
  }
}

function commonBatch(models: readonly string[], sessions: readonly Session[], wanted: number | undefined): number {
  let batch = wanted;
  for (const [index, session] of sessions.entries()) {
    const fixed = session.inputs[0]?.shape[0];
    if (typeof fixed !== "number") continue;
    if (batch !== undefined && batch !== fixed) throw batchConflict(models[index]!, fixed, batch);
    batch = fixed;
  }
  return batch ?? 1;
}
