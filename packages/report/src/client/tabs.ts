import type { ReportData } from "../report-data.ts";
import { element } from "./element.ts";
import type { Selection } from "./selection.ts";

/** A view of the report under a title. */
export interface Tab {
  readonly title: string;
  readonly view: () => HTMLElement;
}

/** Fills the page: a head, and tabs that are made when first shown. Arrow keys go from tab to tab. */
export function showTabs(page: HTMLElement, data: ReportData, selection: Selection, tabs: readonly Tab[]): void {
  const made = new Set<number>();
  const panels = tabs.map(({ title }, index) =>
    element("section", { role: "tabpanel", id: `panel-${index}`, "aria-label": title, hidden: true }),
  );
  const buttons = tabs.map(({ title }, index) =>
    element("button", { role: "tab", "aria-controls": `panel-${index}`, click: () => show(index) }, title),
  );
  const build = (index: number): void => {
    if (made.has(index)) return;
    made.add(index);
    panels[index]!.append(tabs[index]!.view());
  };
  const show = (index: number): void => {
    for (const [at, panel] of panels.entries()) {
      panel.hidden = at !== index;
      buttons[at]!.setAttribute("aria-selected", String(at === index));
      buttons[at]!.tabIndex = at === index ? 0 : -1;
    }
    build(index);
  };
  const list = element("div", {
    role: "tablist",
    class: "tabs",
    keydown: (event: KeyboardEvent) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      const next = (buttons.findIndex((button) => button.tabIndex === 0) + step + tabs.length) % tabs.length;
      show(next);
      buttons[next]!.focus();
    },
  });
  list.append(...buttons);
  const subtitle = `quantized for ${data.backend}, analyzed on ${data.analysis.samples} samples`;
  page.append(
    element("h1", { dir: "auto" }, data.model.slice(0, 300)),
    element("p", { class: "soft" }, subtitle),
    list,
    ...panels,
  );
  window.addEventListener("beforeprint", () => tabs.forEach((_, index) => build(index)));
  show(0);
  selection.listen(() => undefined);
}
