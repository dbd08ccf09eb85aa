/** Runs `work` and tells how long it took. */
export function timed<T>(work: () => T): readonly [seconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [(performance.now() - start) / 1000, result];
}

/** The same for work that is done when its promise is. */
export async function timedAsync<T>(work: () => Promise<T>): Promise<readonly [seconds: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [(performance.now() - start) / 1000, result];
}
