/** A model in a chain; T is its tensors. */
export interface ChainLink<T> {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  run(feeds: Readonly<Record<string, T>>, fetches: readonly string[]): Promise<Readonly<Record<string, T>>>;
}

/**
 * Runs models one after the other: each reads, by name, what was given or what one before it computed. What none behind
 * reads is not kept.
 *
 * @param fetches names of what is returned, computed or given
 * @param done called with computed tensors that nobody reads any more
 */
export async function runChain<T>(
  links: readonly ChainLink<T>[],
  given: Readonly<Record<string, T>>,
  fetches: readonly string[],
  done: (tensors: readonly T[]) => void = () => {},
): Promise<Record<string, T>> {
  const before = new Map<string, T>(Object.entries(given));
  const computed = new Map<string, T>();
  for (const [index, link] of links.entries()) {
    const later = new Set([...fetches, ...links.slice(index + 1).flatMap(({ inputs }) => inputs)]);
    const wanted = link.outputs.filter((name) => later.has(name));
    if (wanted.length > 0) {
      const feeds = link.inputs.flatMap((name) => {
        const value = computed.get(name) ?? before.get(name);
        return value === undefined ? [] : [[name, value] as const];
      });
      const results = await link.run(Object.fromEntries(feeds), wanted);
      for (const [name, value] of Object.entries(results)) computed.set(name, value);
    }
    const dead = [...computed].filter(([name]) => !later.has(name));
    done(dead.map(([, value]) => value));
    for (const [name] of dead) computed.delete(name);
  }
  return Object.fromEntries(fetches.map((name) => [name, (computed.get(name) ?? before.get(name))!]));
}
