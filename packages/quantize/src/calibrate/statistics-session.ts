import type { Model, Value } from "@lowbit/ir";
import { Session, ThreadSession, type Feeds, type SessionOptions } from "@lowbit/runtime";
import { MagnitudeBounds } from "./magnitude-bounds.ts";
import type { Watch } from "./watch.ts";
import { statisticsGraph, type StatisticsGraph } from "./statistics-graph.ts";
import { WatchedBatch } from "./watched-batch.ts";

/**
 * Runs a model for what is seen of the watched values. Of a value that cannot be negative a part is looked at for its
 * smallest element: if that is 0, so is that of all. And no value is summed, to find NaN, whose operands and weights are
 * too small to make one. A batch of which this does not tell all runs again, with a closer look at the values in question
 * from then on, so that what is told is always exact.
 */
export class StatisticsSession {
  readonly #model: Model;
  readonly #watches: readonly Watch[];
  readonly #runtime: SessionOptions;
  readonly #bounds: MagnitudeBounds;
  readonly #whole = new Set<Value>();
  readonly #summed: Set<Value>;
  readonly #onTrainingThread: boolean;
  #loaded: { readonly statistics: StatisticsGraph; readonly session: Session | ThreadSession } | null = null;

  constructor(
    model: Model,
    watches: readonly Watch[],
    runtime: SessionOptions,
    { onTrainingThread }: { readonly onTrainingThread: boolean },
  ) {
    this.#onTrainingThread = onTrainingThread;
    this.#model = model;
    this.#watches = watches;
    this.#runtime = runtime;
    this.#bounds = new MagnitudeBounds(model.graph);
    const proven = this.#bounds.proven(new Map(watches.map(({ value }) => [value, 0])));
    this.#summed = new Set(watches.map(({ value }) => value).filter((value) => !proven.has(value)));
  }

  async run(feeds: Feeds): Promise<WatchedBatch> {
    const { statistics, session } = await this.#load();
    const batch = new WatchedBatch(statistics, this.#watches, feeds, await session.run(feeds));
    const [unsure, unproven] = [batch.unsure(), batch.unproven(this.#bounds)];
    if (unsure.length + unproven.length === 0) return batch;
    for (const value of unsure) this.#whole.add(value);
    for (const value of unproven) this.#summed.add(value);
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
    const closer = { whole: this.#whole, summed: this.#summed };
    const statistics = statisticsGraph(this.#model.graph, this.#watches, closer);
    const model = { ...this.#model, graph: statistics.graph };
    const session = await (this.#onTrainingThread ? ThreadSession : Session).create(model, this.#runtime);
    this.#loaded = { statistics, session };
    return this.#loaded;
  }
}
