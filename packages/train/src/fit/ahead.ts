import type { Batch } from "../data/dataset.ts";

/** Consecutive batches of one size, at most as many as `limit` says when a group begins. */
export async function* groups(batches: AsyncIterable<Batch>, limit: () => number): AsyncGenerator<readonly Batch[]> {
  let group: Batch[] = [];
  let room = limit();
  for await (const batch of batches) {
    if (group.length > 0 && (group.length >= room || batch.size !== group[0]!.size)) {
      yield group;
      group = [];
      room = limit();
    }
    group.push(batch);
  }
  if (group.length > 0) yield group;
}

/** What comes after the first `count` items. */
export async function* skip<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    if (left > 0) left--;
    else yield item;
  }
}

/** Items of which the next one is made while the caller works on the last. */
export class Ahead<T> {
  readonly #items: AsyncGenerator<T>;
  #next: Promise<IteratorResult<T>> | null = null;

  constructor(items: AsyncGenerator<T>) {
    this.#items = items;
  }

  /** Begins with the next item; what goes wrong is thrown where it is taken. */
  prepare(): void {
    this.#next ??= this.#items.next();
    this.#next.catch(() => {});
  }

  /** The next item, null after the last. */
  async take(): Promise<T | null> {
    this.prepare();
    const result = await this.#next!;
    this.#next = null;
    return result.done === true ? null : result.value;
  }

  /** Makes no more items. */
  async close(): Promise<void> {
    await this.#items.return(undefined).catch(() => {});
  }
}
