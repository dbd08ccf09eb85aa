import type { LayerAnalysis } from "@lowbit/quantize";
import type { ReportData, ReportNode } from "../report-data.ts";
import { element, nameText } from "./element.ts";
import { decibels, metricText, percent, timeText } from "./numbers.ts";

/** A layer, or a node that belongs to none. */
export interface TableRow {
  /** Of the node that is shown for it. */
  readonly index: number;
  readonly node: ReportNode;
  readonly layer: LayerAnalysis | null;
}

/** A column of the table: how a row is sorted, shown and saved in it. */
export interface Column {
  readonly title: string;
  /** What it says, where the title is too short for that. */
  readonly about?: string;
  readonly numeric: boolean;
  /** Null where nothing is known; infinite for no error at all. */
  readonly key: (row: TableRow) => number | string | null;
  readonly show?: (row: TableRow) => Node | string;
}

/** The rows of the table: each layer once, and every node outside of layers. */
export function tableRows({ graph, analysis }: ReportData): readonly TableRow[] {
  const layers = new Map(analysis?.layers.map((layer) => [layer.name, layer]));
  const indices = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    if (node.layer === null || !layers.has(node.layer)) return;
    if (node.name === node.layer || !indices.has(node.layer)) indices.set(node.layer, index);
  });
  return graph.nodes.flatMap((node, index): readonly TableRow[] => {
    const layer = node.layer === null ? null : (layers.get(node.layer) ?? null);
    if (layer && indices.get(layer.name) !== index) return [];
    return [{ index, node, layer }];
  });
}

/** The columns that a report has something to say in. */
export function tableColumns(data: ReportData, rows: readonly TableRow[]): readonly Column[] {
  const { analysis, graph } = data;
  const timeOf = ({ node, layer }: TableRow): number | null => {
    const nodes = layer ? graph.nodes.filter((each) => each.layer === layer.name) : [node];
    const times = nodes.flatMap(({ time }) => time?.made ?? time?.float ?? []);
    return times.length === 0 ? null : times.reduce((a, b) => a + b);
  };
  const reasonOf = ({ node, layer }: TableRow): string => {
    if (layer) return data.advice[layer.name]?.reason ?? "";
    return node.reason ?? (node.integer ? "" : "it has nothing to quantize");
  };
  const hasTimes = rows.some((row) => timeOf(row) !== null);
  return [
    {
      title: analysis ? "layer" : "node",
      numeric: false,
      key: ({ node, layer }) => layer?.name ?? node.name,
      show: ({ node, layer }) => nameText(layer?.name ?? node.name),
    },
    { title: "op", numeric: false, key: ({ node }) => node.op },
    ...(data.backend === null
      ? []
      : [{ title: "runs as", numeric: false, key: ({ node }: TableRow) => (node.integer ? "integer" : "float") }]),
    ...(hasTimes ? [column("time", "of one run, in microseconds", timeOf, timeText)] : []),
    ...(analysis ? analysisColumns(data) : []),
    ...(data.backend === null
      ? []
      : [
          {
            title: "because",
            numeric: false,
            key: reasonOf,
            show: (row: TableRow) => nameText(reasonOf(row)),
          },
        ]),
  ];
}

function analysisColumns(data: ReportData): readonly Column[] {
  const { metric, advice } = data;
  const analysis = data.analysis!;
  const ablates = analysis.layers.some(({ quantizedAlone }) => quantizedAlone !== null);
  const saturated = new Map<string, number>();
  for (const value of analysis.values) {
    for (const layer of value.layers) saturated.set(layer, Math.max(saturated.get(layer) ?? 0, value.saturated));
  }
  const measured = (title: string, of: (layer: LayerAnalysis) => number | null): readonly Column[] =>
    metric === null
      ? []
      : [
          column(
            title,
            null,
            ({ layer }) => layer && of(layer),
            (value) => metricText(value, metric),
          ),
        ];
  return [
    column(
      "products",
      "multiply-accumulates of one sample",
      ({ layer }) => layer?.macs ?? null,
      (macs) => macs.toLocaleString("en"),
    ),
    ablates
      ? column("alone", aloneAbout, ({ layer }) => layer && sqnrKey(layer.isolated.sqnr), sqnrText)
      : bars("alone", `${aloneAbout}: the longer the bar, the larger`, analysis.layers, ({ isolated }) => isolated),
    column(
      "in the model",
      "error of its result with everything quantized",
      ({ layer }) => layer && sqnrKey(layer.cumulative.sqnr),
      sqnrText,
    ),
    ...(ablates
      ? [
          bars(
            "only it quantized",
            "error of the model's results then: the longer the bar, the more they suffer",
            analysis.layers,
            ({ quantizedAlone }) => quantizedAlone,
          ),
          ...measured(`${metric}, only it quantized`, ({ quantizedAlone }) => quantizedAlone?.metric ?? null),
          column(
            "only it float",
            "error of the model's results then",
            ({ layer }) => (layer?.leftFloat ? sqnrKey(layer.leftFloat.sqnr) : null),
            sqnrText,
          ),
          ...measured(`${metric}, only it float`, ({ leftFloat }) => leftFloat?.metric ?? null),
        ]
      : []),
    column("saturated", "values beyond the codes", ({ layer }) => layer && (saturated.get(layer.name) ?? 0), percent),
    { title: "what to do", numeric: false, key: ({ layer }) => (layer ? (advice[layer.name]?.action ?? "") : "") },
  ];
}

const aloneAbout = "error of its own result when only it is quantized";

/** Errors as bars: the longer, the worse. */
function bars(
  title: string,
  about: string,
  layers: readonly LayerAnalysis[],
  errorOf: (layer: LayerAnalysis) => { readonly sqnr: number | null } | null,
): Column {
  const sqnrs = layers.flatMap((layer) => errorOf(layer)?.sqnr ?? []);
  const [least, most] = [Math.min(...sqnrs), Math.max(...sqnrs)];
  const of = ({ layer }: TableRow): number | null => {
    const error = layer && errorOf(layer);
    return error ? sqnrKey(error.sqnr) : null;
  };
  return {
    title,
    about,
    numeric: true,
    key: of,
    show: (row) => {
      const value = of(row);
      if (value === null) return "";
      const share = Number.isFinite(value) ? (most - value) / (most - least || 1) : 0;
      const width = `width:${(4 + 66 * share).toFixed(0)}px`;
      return element("span", {}, element("span", { class: "bar", style: width }), sqnrText(value));
    },
  };
}

function column(
  title: string,
  about: string | null,
  key: (row: TableRow) => number | null,
  text: (value: number) => string,
): Column {
  const show = (row: TableRow): string => {
    const value = key(row);
    return value === null ? "" : text(value);
  };
  return { title, numeric: true, key, show, ...(about === null ? {} : { about }) };
}

/** No error at all sorts behind every error. */
function sqnrKey(sqnr: number | null): number {
  return sqnr ?? Infinity;
}

function sqnrText(sqnr: number): string {
  return decibels(Number.isFinite(sqnr) ? sqnr : null);
}
