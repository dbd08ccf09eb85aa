import type { LayerAnalysis } from "@lowbit/quantize";
import type { ReportData } from "../report-data.ts";
import { element, nameText } from "./element.ts";
import { decibels, metricText, percent } from "./numbers.ts";
import type { Selection } from "./selection.ts";

/** A column of the table: how a layer is sorted, shown and saved in it. */
interface Column {
  readonly title: string;
  readonly key: (layer: LayerAnalysis) => number | string | null;
  readonly show?: (layer: LayerAnalysis) => Node | string;
}

/** All layers in a table that sorts by each column, with sensitivity as bars, and as CSV. */
export function layersView(data: ReportData, selection: Selection): HTMLElement {
  const columns = columnsOf(data);
  let sorted = { column: columns.findIndex(({ title }) => title === "only it quantized"), up: true };
  if (sorted.column < 0) sorted = { column: columns.findIndex(({ title }) => title === "alone"), up: true };
  const body = element("tbody");
  const heads = columns.map((column, index) =>
    element("th", {}, element("button", { click: () => sortBy(index) }, column.title)),
  );
  const rows = new Map<string, HTMLElement>();
  const fill = (): void => {
    const { key } = columns[sorted.column]!;
    const layers = data.analysis.layers.toSorted((a, b) => order(key(a), key(b)) * (sorted.up ? 1 : -1));
    body.replaceChildren(...layers.map(rowOf));
    heads.forEach((head, index) => {
      const direction = sorted.up ? "ascending" : "descending";
      head.setAttribute("aria-sort", index === sorted.column ? direction : "none");
    });
  };
  const sortBy = (index: number): void => {
    sorted = { column: index, up: sorted.column === index ? !sorted.up : true };
    fill();
  };
  const rowOf = (layer: LayerAnalysis): HTMLElement => {
    const choose = (): void => selection.select(layer.name);
    const cells = columns.map(({ key, show }) => {
      const value = key(layer);
      const shown = show?.(layer) ?? String(value ?? "");
      return element("td", { class: typeof value === "number" ? "number" : "" }, shown);
    });
    const row = element(
      "tr",
      {
        tabindex: 0,
        "aria-selected": String(selection.layer === layer.name),
        click: choose,
        keydown: (event: KeyboardEvent) => (event.key === "Enter" ? choose() : undefined),
      },
      ...cells,
    );
    rows.set(layer.name, row);
    return row;
  };
  fill();
  selection.listen((chosen) => {
    for (const [name, row] of rows) row.setAttribute("aria-selected", String(name === chosen));
  });
  const save = element("button", { click: () => download(csvOf(columns, data.analysis.layers)) }, "Download CSV");
  return element(
    "div",
    { class: "card" },
    element("h2", {}, "Layers"),
    element(
      "p",
      { class: "soft" },
      "alone: error of the layer's own result when only it is quantized. In the model: error with everything quantized.",
    ),
    element("div", { class: "tools" }, save),
    element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body)),
  );
}

function columnsOf({ analysis, metric, advice }: ReportData): readonly Column[] {
  const alone = (layer: LayerAnalysis): number | null => layer.quantizedAlone?.sqnr ?? null;
  const sqnrs = analysis.layers.flatMap((layer) => alone(layer) ?? []);
  const [least, most] = [Math.min(...sqnrs), Math.max(...sqnrs)];
  const bar = (layer: LayerAnalysis): HTMLElement => {
    const value = alone(layer);
    // The longer, the more the model's results suffer.
    const share = value === null ? 0 : (most - value) / (most - least || 1);
    const width = `width:${(4 + 66 * share).toFixed(0)}px`;
    return element("span", {}, element("span", { class: "bar", style: width }), decibels(value));
  };
  const saturated = (layer: LayerAnalysis): number =>
    Math.max(0, ...analysis.values.filter(({ layers }) => layers.includes(layer.name)).map((value) => value.saturated));
  const measured = (title: string, of: (layer: LayerAnalysis) => number | null): readonly Column[] =>
    metric === null ? [] : [{ title, key: of, show: (layer) => metricText(of(layer), metric) }];
  const ablates = analysis.layers.some((layer) => layer.quantizedAlone !== null);
  return [
    { title: "layer", key: ({ name }) => name, show: ({ name }) => nameText(name) },
    { title: "op", key: ({ op }) => op },
    { title: "products", key: ({ macs }) => macs, show: ({ macs }) => macs.toLocaleString("en") },
    { title: "alone", key: ({ isolated }) => isolated.sqnr, show: ({ isolated }) => decibels(isolated.sqnr) },
    {
      title: "in the model",
      key: ({ cumulative }) => cumulative.sqnr,
      show: ({ cumulative }) => decibels(cumulative.sqnr),
    },
    ...(ablates
      ? ([
          { title: "only it quantized", key: alone, show: bar },
          ...measured(`${metric}, only it quantized`, (layer) => layer.quantizedAlone!.metric),
          {
            title: "only it float",
            key: (layer) => layer.leftFloat!.sqnr,
            show: (layer) => decibels(layer.leftFloat!.sqnr),
          },
          ...measured(`${metric}, only it float`, (layer) => layer.leftFloat!.metric),
        ] satisfies readonly Column[])
      : []),
    { title: "saturated", key: saturated, show: (layer) => percent(saturated(layer)) },
    { title: "what to do", key: ({ name }) => advice[name]?.action ?? "" },
    { title: "because", key: ({ name }) => advice[name]?.reason ?? "" },
  ];
}

/** No error at all sorts behind every error. */
function order(a: number | string | null, b: number | string | null): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [a ?? Infinity, b ?? Infinity];
  return x === y ? 0 : x < y ? -1 : 1;
}

function csvOf(columns: readonly Column[], layers: readonly LayerAnalysis[]): string {
  // A leading apostrophe keeps spreadsheets from running a name as a formula.
  const cell = (value: number | string | null): string => {
    if (typeof value !== "string") return String(value ?? "");
    return `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  };
  const lines = [columns.map(({ title }) => title), ...layers.map((layer) => columns.map(({ key }) => key(layer)))];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: url, download: "layers.csv" }).click();
  URL.revokeObjectURL(url);
}
