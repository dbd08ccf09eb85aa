import type { Model, Value } from "@lowbit/ir";
import { ThreadSession, type Feeds, type Session, type SessionOptions } from "@lowbit/runtime";
import { statisticsGraph, type StatisticsGraph, type Watch } from "./statistics-graph.ts";
import { WatchedBatch } from "./watched-batch.ts";

/**
 * Runs a model for what is seen of the watched values. Of a value that cannot be negative a part is looked at for its
 * smallest element: if that is 0, so is that of all. A batch in which it is not runs again, with the whole value looked at
 * from then on, so that what is told is always exact.
 */
export class StatisticsSession {
  readonly #model: Model;
  readonly #watches: readonly Watch[];
  readonly #runtime: SessionOptions;
  /** Values that are never negative and yet looked at as a whole. */
  readonly #whole = new Set<Value>();
  #loaded: { readonly statistics: StatisticsGraph; readonly session: Session | ThreadSession } | null = null;

  constructor(model: Model, watches: readonly Watch[], runtime: SessionOptions) {
    this.#model = model;
    this.#watches = watches;
    // Most batches are alike, but there are few of them: planning memory for their shape does not pay.
    this.#runtime = { memoryPattern: false, ...runtime };
  }

  async run(feeds: Feeds): Promise<WatchedBatch> {
    const { statistics, session } = await this.#load();
    const batch = new WatchedBatch(statistics, this.#watches, feeds, await session.run(feeds));
    const unsure = batch.unsure();
    if (unsure.length === 0) return batch;
    for (const value of unsure) this.#whole.add(value);
    await this.release();
    return this.run(feeds);
  }

  async release(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.session.release();
  }

  async #load(): Promise<{ readonly statistics: StatisticsGraph; readonly session: Session | ThreadSession }> {
    if (this.#loaded) return this.#loaded;
    const statistics = statisticsGraph(this.#model.graph, this.#watches, this.#whole);
    const session = await ThreadSession.create({ ...this.#model, graph: statistics.graph }, this.#runtime);
    this.#loaded = { statistics, session };
    return this.#loaded;
  }
}
