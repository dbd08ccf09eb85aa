/** The names taken in a graph and its bodies; makes new ones that are unique and readable. */
export class NameTable {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** Marks a name as taken; sibling bodies of a model may take the same name twice. */
  take(name: string): void {
    this.#taken.add(name);
  }

  /** `base` itself when free, otherwise `base_1`, `base_2`, …; the result is taken. */
  fresh(base: string): string {
    let name = base;
    for (let i = this.#next.get(base) ?? 1; this.#taken.has(name); i++) {
      name = `${base}_${i}`;
      this.#next.set(base, i + 1);
    }
    this.#taken.add(name);
    return name;
  }
}
