/** Runs `work` and tells how long it took. */
export function timed<T>(work: () => T): readonly [seconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [(performance.now() - start) / 1000, result];
}
