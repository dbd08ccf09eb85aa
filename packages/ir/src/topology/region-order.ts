import { DisjointSets } from "./disjoint-sets.ts";

/**
 * Nodes of a sorted graph, by number, in sets that are joined only when the graph of sets stays free of cycles; keeps
 * an order in which the sets can run.
 */
export class RegionOrder {
  readonly #dependents: readonly number[][];
  readonly #sets: DisjointSets;
  /** Numbers in each set, by the number that stands for it. */
  readonly #contents: number[][];
  /** Sets in an order in which they can run; -1 where a set has been joined to another. */
  readonly #order: number[];
  readonly #place: Int32Array;
  /** Pairs of sets that have another way between them; joining more sets never takes it away. */
  readonly #apart = new Set<number>();

  constructor(needed: readonly (readonly number[])[], phases: Int32Array, member: readonly boolean[]) {
    const count = needed.length;
    this.#dependents = Array.from({ length: count }, () => []);
    this.#sets = new DisjointSets(count);
    needed.forEach((others, index) => {
      for (const other of others) {
        this.#dependents[other]!.push(index);
        if (member[index] && member[other] && phases[index] === phases[other]) this.#sets.join(index, other);
      }
    });
    this.#contents = Array.from({ length: count }, () => []);
    for (let index = 0; index < count; index++) this.#contents[this.#sets.find(index)]!.push(index);
    // Within a phase, nodes that do not belong never depend on those that do, and regions not on each other.
    const first = (set: number): number => this.#contents[set]![0]!;
    this.#order = Array.from(needed.keys())
      .filter((index) => this.#contents[index]!.length > 0)
      .sort((a, b) => phases[a]! - phases[b]! || Number(member[a]) - Number(member[b]) || first(a) - first(b));
    this.#place = new Int32Array(count);
    this.#order.forEach((set, place) => (this.#place[set] = place));
  }

  /** The sets in an order in which they can run, each with ascending numbers. */
  sets(): readonly (readonly number[])[] {
    return this.#order.flatMap((set) => (set === -1 ? [] : [this.#contents[set]!.toSorted((a, b) => a - b)]));
  }

  /** Joins the sets of a node and of one that depends on it, unless another way leads from the first to the second. */
  joinIfConvex(node: number, dependent: number): void {
    const [from, to] = [this.#sets.find(node), this.#sets.find(dependent)];
    const pair = from * this.#place.length + to;
    if (from === to || this.#apart.has(pair)) return;
    const between = this.#reachedBetween(from, to);
    if (between === null) {
      this.#apart.add(pair);
      return;
    }
    const start = this.#place[from]!;
    const end = this.#place[to]!;
    const joined = this.#sets.join(from, to);
    const other = joined === from ? to : from;
    const [large, small] = [this.#contents[joined]!, this.#contents[other]!];
    for (const index of small) large.push(index);
    this.#contents[other] = [];
    // What the first set leads to runs after both, everything else in between before them.
    const earlier: number[] = [];
    const later: number[] = [];
    for (const set of this.#order.slice(start + 1, end)) if (set !== -1) (between.has(set) ? later : earlier).push(set);
    const window = [...earlier, joined, ...later];
    for (let place = start; place <= end; place++) {
      const set = window[place - start] ?? -1;
      this.#order[place] = set;
      if (set !== -1) this.#place[set] = place;
    }
  }

  /** The sets that `from` leads to before `to` in the order; null when `to` depends on one of them. */
  #reachedBetween(from: number, to: number): ReadonlySet<number> | null {
    const end = this.#place[to]!;
    const reached = new Set<number>();
    const pending = [from];
    for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
      for (const index of this.#contents[set]!) {
        for (const dependent of this.#dependents[index]!) {
          const next = this.#sets.find(dependent);
          if (next === to && set !== from) return null;
          if (next === set || reached.has(next) || this.#place[next]! >= end) continue;
          reached.add(next);
          pending.push(next);
        }
      }
    }
    return reached;
  }
}
