/** The node that all views show. */
export class Selection {
  #node: number | null = null;
  readonly #listeners: ((node: number | null) => void)[] = [];

  get node(): number | null {
    return this.#node;
  }

  select(node: number | null): void {
    if (node === this.#node) return;
    this.#node = node;
    for (const listener of this.#listeners) listener(node);
  }

  /** Tells the node now, and whenever another one is chosen. */
  listen(listener: (node: number | null) => void): void {
    this.#listeners.push(listener);
    listener(this.#node);
  }
}
