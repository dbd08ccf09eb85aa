import { availableParallelism } from "node:os";

/** Most batches at a time: each has a copy of the model and of the values at a cut. */
const mostLanes = 4;

/**
 * How many batches are looked at at a time, and with how many threads each: as many lanes as there are threads, since
 * one thread per batch wastes nothing on waiting for others.
 *
 * @param threads altogether. Default: one per core
 */
export function lanesFor(threads: number = availableParallelism()): {
  readonly lanes: number;
  readonly threads: number;
} {
  const lanes = Math.max(1, Math.min(mostLanes, threads));
  return { lanes, threads: Math.max(1, Math.floor(threads / lanes)) };
}

/**
 * Works on items in several lanes at a time and gives the results in the order of the items. A lane that is done waits
 * for its result to be taken, so that no more than one item per lane is held.
 *
 * @param leave called when the caller takes no more results, or a lane failed: work in the other lanes should end soon
 */
export async function* inLanes<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  lanes: number,
  work: (item: T, index: number, lane: number) => Promise<R>,
  leave: () => void,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  let index = 0;
  let isDone = false;
  try {
    for await (const item of items) {
      if (running.length === lanes) yield await running.shift()!;
      const result = work(item, index, index % lanes);
      // Whoever awaits it learns of a failure; until then it must not end the process.
      result.catch(() => {});
      running.push(result);
      index++;
    }
    while (running.length > 0) yield await running.shift()!;
    isDone = true;
  } finally {
    if (!isDone) leave();
    await Promise.allSettled(running);
  }
}
