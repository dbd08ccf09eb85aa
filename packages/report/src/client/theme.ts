/** Tells when everything that was painted must be painted again, and with which colours. */
export class Theme {
  #listeners: (readonly [place: Element, repaint: () => void])[] = [];
  /** Whether the page is being printed: colours are those of paper then. */
  printing = false;

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#tell());
  }

  /** The colour of a custom property of the style, without its dashes. */
  colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  /** Has something painted again as long as its place is in the page. */
  listen(place: Element, repaint: () => void): void {
    this.#listeners.push([place, repaint]);
  }

  /** Paints everything for paper, or for the screen again. */
  print(printing: boolean): void {
    this.printing = printing;
    document.documentElement.classList.toggle("paper", printing);
    this.#tell();
  }

  #tell(): void {
    this.#listeners = this.#listeners.filter(([place]) => place.isConnected);
    for (const [, repaint] of this.#listeners) repaint();
  }
}
