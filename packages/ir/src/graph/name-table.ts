/**
 * The names taken in a graph and its bodies; makes new ones that are unique and readable.
 *
 * Names are counted, because a value may be called as a node is and sibling bodies may take the same name.
 */
export class NameTable {
  readonly #taken = new Map<string, number>();
  readonly #next = new Map<string, number>();

  /** Whether a name is taken. */
  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** Marks a name as taken once more. */
  take(name: string): void {
    this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
  }

  /** Takes back one `take` or `fresh`. */
  release(name: string): void {
    const count = this.#taken.get(name) ?? 0;
    if (count > 1) this.#taken.set(name, count - 1);
    else this.#taken.delete(name);
  }

  /** `base` itself when free, otherwise `base_1`, `base_2`, …; the result is taken. */
  fresh(base: string): string {
    let name = base;
    for (let i = this.#next.get(base) ?? 1; this.#taken.has(name); i++) {
      name = `${base}_${i}`;
      this.#next.set(base, i + 1);
    }
    this.take(name);
    return name;
  }
}
