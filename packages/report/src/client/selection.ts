/** The layer that all views show. */
export class Selection {
  #layer: string | null = null;
  readonly #listeners: ((layer: string | null) => void)[] = [];

  get layer(): string | null {
    return this.#layer;
  }

  select(layer: string | null): void {
    this.#layer = layer;
    for (const listener of this.#listeners) listener(layer);
  }

  listen(listener: (layer: string | null) => void): void {
    this.#listeners.push(listener);
    listener(this.#layer);
  }
}
