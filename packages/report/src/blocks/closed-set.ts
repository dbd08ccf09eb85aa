/**
 * Whether no path leaves a set of nodes and comes back: only then can it be drawn as one box without an edge that goes up.
 *
 * @param members indices, ascending, in an order in which values are made before they are read
 * @param reads for each node the nodes it reads from
 */
export function isClosed(members: readonly number[], reads: readonly (readonly number[])[]): boolean {
  const own = new Set(members);
  /** Nodes outside the set that something of the set comes before. */
  const behind = new Set<number>();
  for (let node = members[0]!; node <= members.at(-1)!; node++) {
    const isOwn = own.has(node);
    for (const from of reads[node]!) {
      if (behind.has(from) && isOwn) return false;
      if (behind.has(from) || (own.has(from) && !isOwn)) behind.add(node);
    }
  }
  return true;
}
