import { element } from "./element.ts";
import type { Theme } from "./theme.ts";

/** A view of the report under a title. */
export interface Tab {
  readonly title: string;
  readonly view: () => HTMLElement;
}

/** Views under tabs, each made when first shown. Arrow keys go from tab to tab. On paper all of them follow each other. */
export class Tabs {
  readonly list: HTMLElement;
  readonly panels: readonly HTMLElement[];
  readonly #tabs: readonly Tab[];
  readonly #buttons: readonly HTMLElement[];
  readonly #made = new Set<number>();

  constructor(tabs: readonly Tab[], theme: Theme) {
    this.#tabs = tabs;
    this.panels = tabs.map(({ title }, index) =>
      element(
        "section",
        { role: "tabpanel", id: `panel-${index}`, "aria-label": title, hidden: true },
        element("h2", { class: "print-only" }, title),
      ),
    );
    this.#buttons = tabs.map(({ title }, index) =>
      element("button", { role: "tab", "aria-controls": `panel-${index}`, click: () => this.#show(index) }, title),
    );
    this.list = element(
      "div",
      { role: "tablist", class: "tabs", keydown: (event: KeyboardEvent) => this.#key(event) },
      ...this.#buttons,
    );
    window.addEventListener("beforeprint", () => {
      for (const index of tabs.keys()) this.#build(index);
      theme.print(true);
    });
    window.addEventListener("afterprint", () => theme.print(false));
    this.#show(0);
  }

  /** Shows the view with a title. */
  show(title: string): void {
    const index = this.#tabs.findIndex((tab) => tab.title === title);
    if (index >= 0) this.#show(index);
  }

  #show(index: number): void {
    for (const [at, panel] of this.panels.entries()) {
      panel.hidden = at !== index;
      this.#buttons[at]!.setAttribute("aria-selected", String(at === index));
      this.#buttons[at]!.tabIndex = at === index ? 0 : -1;
    }
    this.#build(index);
  }

  #build(index: number): void {
    if (this.#made.has(index)) return;
    this.#made.add(index);
    this.panels[index]!.append(this.#tabs[index]!.view());
  }

  #key({ key }: KeyboardEvent): void {
    const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const count = this.#tabs.length;
    const next = (this.#buttons.findIndex((button) => button.tabIndex === 0) + step + count) % count;
    this.#show(next);
    this.#buttons[next]!.focus();
  }
}
