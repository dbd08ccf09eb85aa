import type { ReportData } from "../report-data.ts";
import { csvOf } from "./csv.ts";
import { element } from "./element.ts";
import type { Selection } from "./selection.ts";
import { tableColumns, tableRows, type TableRow } from "./table-columns.ts";

/** Layers, and nodes that stay float, in a table that sorts by each column, with sensitivity as bars, and as CSV. */
export function tableView(data: ReportData, selection: Selection): HTMLElement {
  const all = tableRows(data);
  const columns = tableColumns(data, all);
  const first = ["only it quantized", "alone", "time"].find((title) =>
    columns.some((column) => column.title === title),
  );
  let sorted = {
    column: Math.max(
      0,
      columns.findIndex(({ title }) => title === first),
    ),
    up: first !== "time",
  };
  const body = element("tbody");
  const heads = columns.map((column, index) =>
    element(
      "th",
      { class: column.numeric ? "number" : "", title: column.about ?? false },
      element("button", { click: () => sortBy(index) }, column.title),
    ),
  );
  const shown = new Map<TableRow, HTMLElement>();
  const fill = (): void => {
    const { key } = columns[sorted.column]!;
    const rows = all.toSorted((a, b) => order(key(a), key(b), sorted.up));
    body.replaceChildren(...rows.map(lineOf));
    heads.forEach((head, index) => {
      const direction = sorted.up ? "ascending" : "descending";
      head.setAttribute("aria-sort", index === sorted.column ? direction : "none");
    });
  };
  const sortBy = (index: number): void => {
    sorted = { column: index, up: sorted.column === index ? !sorted.up : true };
    fill();
    mark(selection.node);
  };
  const lineOf = (row: TableRow): HTMLElement => {
    const known = shown.get(row);
    if (known) return known;
    const choose = (): void => selection.select(row.index);
    const cells = columns.map(({ key, show, numeric }) =>
      element("td", { class: numeric ? "number" : "", dir: "auto" }, show?.(row) ?? String(key(row) ?? "")),
    );
    const line = element(
      "tr",
      {
        tabindex: 0,
        click: choose,
        keydown: (event: KeyboardEvent) => (event.key === "Enter" ? choose() : undefined),
      },
      ...cells,
    );
    shown.set(row, line);
    return line;
  };
  const mark = (node: number | null): void => {
    const layer = node === null ? null : data.graph.nodes[node]!.layer;
    for (const [row, line] of shown) {
      const isChosen = row.index === node || (layer !== null && row.layer?.name === layer);
      line.setAttribute("aria-selected", String(isChosen));
    }
  };
  fill();
  selection.listen(mark);
  const cells = (row: TableRow): readonly (number | string | null)[] => columns.map(({ key }) => key(row));
  const csv = (): string => csvOf([columns.map(({ title }) => title), ...all.map(cells)]);
  return element(
    "div",
    { class: "card" },
    element(
      "div",
      { class: "tools" },
      element("h2", {}, data.analysis ? "Layers and float nodes" : "Nodes"),
      element("button", { click: () => download(csv()) }, "Download CSV"),
    ),
    ...(data.analysis
      ? [
          element(
            "p",
            { class: "soft" },
            "alone: error of the layer's own result when only it is quantized. In the model: error with everything quantized. Choose a row to see the node in the other views.",
          ),
        ]
      : []),
    element(
      "div",
      { class: "scroll" },
      element("table", { class: "dense" }, element("thead", {}, element("tr", {}, ...heads)), body),
    ),
  );
}

/** What is not known stands last, whichever way the rest is sorted. */
function order(a: number | string | null, b: number | string | null, up: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a === b ? 0 : a < b === up ? -1 : 1;
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: url, download: "layers.csv" }).click();
  URL.revokeObjectURL(url);
}
