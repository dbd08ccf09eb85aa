import { worstOf } from "./worst-layers.ts";
import type { Deployment, Latency, ReportData, ReportSearch } from "../report-data.ts";
import { element, nameText, shortened } from "./element.ts";
import { bytesText, capital, decibels, metricText, percent, plural, timeText } from "./numbers.ts";
import type { Selection } from "./selection.ts";

/** The figures that count, and how the report was made. */
export function summaryView(data: ReportData, selection: Selection, showGraph: () => void): HTMLElement {
  return element(
    "div",
    {},
    ...(data.interrupted === null ? [] : [element("p", { class: "card warning", role: "alert" }, data.interrupted)]),
    element("div", { class: "figures" }, ...figures(data)),
    ...(data.deployment ? [comparison(data, data.deployment)] : []),
    ...searchCard(data.search),
    ...worstLayersCard(data, selection, showGraph),
    ...floatCard(data),
    ...data.notes.map((note) => element("p", { class: "card" }, note)),
    origin(data),
  );
}

function figures({ deployment, analysis, metric, backend, graph }: ReportData): readonly HTMLElement[] {
  const figure = (value: string, about: string, note = ""): HTMLElement =>
    element(
      "div",
      { class: "card" },
      element("b", {}, value),
      element("span", {}, about),
      element("small", { class: "soft" }, note),
    );
  const made = backend === null ? "trained" : "quantized";
  const quality = deployment?.quality;
  const { quantized = null } = analysis ?? {};
  const isFloat = backend === null;
  return [
    ...(quality
      ? [figure(metricText(quality.made, metric), `${metric}, ${made}`, `${metricText(quality.float, metric)} before`)]
      : quantized && quantized.metric !== null
        ? [
            figure(
              metricText(quantized.metric, metric),
              `${metric}, ${made}`,
              `${metricText(analysis!.float.metric, metric)} before`,
            ),
          ]
        : []),
    ...(deployment
      ? [
          figure(
            bytesText(deployment.bytes.made),
            "model file",
            ratioText(deployment.bytes.float, deployment.bytes.made, "smaller", "larger"),
          ),
        ]
      : []),
    ...(deployment?.latency
      ? [
          figure(
            milliseconds(deployment.latency.made.median),
            `for one run, batch ${deployment.latency.batch}`,
            ratioText(deployment.latency.float.median, deployment.latency.made.median, "faster", "slower"),
          ),
        ]
      : []),
    ...(deployment && deployment.integerMacs !== null && !isFloat
      ? [figure(percent(deployment.integerMacs), "of the multiply-accumulates run on integers")]
      : []),
    ...(quantized
      ? [figure(decibels(quantized.sqnr), "SQNR of the quantized results", `on ${plural(analysis!.samples, "sample")}`)]
      : []),
    ...(isFloat
      ? [figure(String(graph.nodes.length), "nodes")]
      : [
          figure(
            `${graph.nodes.filter(({ integer }) => integer).length} of ${graph.nodes.length}`,
            "nodes run on integers",
          ),
        ]),
  ];
}

/** Both models side by side, and how they were measured. */
function comparison({ metric, kind, backend }: ReportData, deployment: Deployment): HTMLElement {
  const { bytes, latency, quality, machine, conversions } = deployment;
  const made = backend === null ? "trained" : "quantized";
  const row = (name: string, float: string, now: string): HTMLElement =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { class: "number" }, float),
      element("td", { class: "number" }, now),
    );
  const quartiles = ({ low, high }: Latency): string => `${milliseconds(low)} to ${milliseconds(high)}`;
  const perSecond = ({ median }: Latency): string =>
    Number(((1000 * latency!.batch) / median).toPrecision(3)).toLocaleString("en");
  const rows = [
    ...(quality ? [row(metric ?? "", metricText(quality.float, metric), metricText(quality.made, metric))] : []),
    row("file", bytesText(bytes.float), bytesText(bytes.made)),
    ...(latency
      ? [
          row("median of a run", milliseconds(latency.float.median), milliseconds(latency.made.median)),
          row("middle half of the runs", quartiles(latency.float), quartiles(latency.made)),
          row("samples per second", perSecond(latency.float), perSecond(latency.made)),
        ]
      : []),
  ];
  const notes = [
    latency
      ? `Latency: both models in turns, batch ${latency.batch}, ${plural(latency.threads, "thread")}, on ${machine}.`
      : `Measured on ${machine}.`,
    ...(quality ? [`${capital(metric ?? "metric")}: on ${plural(quality.samples, "sample")} of ${quality.data}.`] : []),
    ...(conversions !== null && conversions > 0
      ? [
          `${percent(conversions)} of the kernels' time goes to conversions between float and codes and to changes of layout, which stand for no node of the graph.`,
        ]
      : []),
  ];
  const head = ["", kind === "train" ? "before" : "float", made].map((title, i) =>
    element("th", { class: i > 0 ? "number" : "", scope: "col" }, title),
  );
  return element(
    "div",
    { class: "card plain" },
    element("h2", {}, "Before and after"),
    element(
      "table",
      { class: "narrow" },
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
    element("p", { class: "soft small" }, notes.join(" ")),
  );
}

/** The plans that were tried, the one that was taken, and why the search ended. */
function searchCard(search: ReportSearch | null): readonly HTMLElement[] {
  if (search === null) return [];
  const { target, plans, cost, notes } = search;
  const isWide = plans.some(({ wide }) => wide !== null);
  const isWeightOnly = plans.some(({ weightOnly }) => weightOnly !== null);
  const head = (title: string, numeric = false): HTMLElement =>
    element("th", { class: numeric ? "number" : "", scope: "col" }, title);
  const heads = [
    head("on integers"),
    head(isWide ? "8 bits" : "layers", true),
    ...(isWide ? [head("16 bits", true)] : []),
    ...(isWeightOnly ? [head("weights only", true)] : []),
    head("reaches"),
    head(cost, true),
    head(""),
  ];
  const rows = plans.map((plan) =>
    element(
      "tr",
      { class: plan.verdict === "chosen" ? "chosen" : "" },
      element("td", { class: "wide", dir: "auto" }, shortened(plan.what, 160)),
      element("td", { class: "number" }, String(plan.layers)),
      ...(isWide ? [element("td", { class: "number" }, String(plan.wide ?? 0))] : []),
      ...(isWeightOnly ? [element("td", { class: "number" }, String(plan.weightOnly ?? 0))] : []),
      element("td", {}, plan.reaches),
      element("td", { class: "number" }, plan.cost),
      element("td", {}, plan.verdict),
    ),
  );
  return [
    element(
      "div",
      { class: "card plain" },
      element("h2", {}, "How the plan was found"),
      element("p", { class: "soft small" }, `Target: ${target}.`),
      element(
        "table",
        { class: "dense" },
        element("thead", {}, element("tr", {}, ...heads)),
        element("tbody", {}, ...rows),
      ),
      ...notes.map((note) => element("p", { class: "soft small" }, `${capital(shortened(note, 600))}.`)),
    ),
  ];
}

/** The layers that cost most, with what to do; a click shows one in the graph. */
function worstLayersCard(data: ReportData, selection: Selection, showGraph: () => void): readonly HTMLElement[] {
  const worst = worstOf(data);
  if (worst.rows.length === 0) return [];
  const items = worst.rows.map(({ layer, node, share }) => {
    const show = (): void => {
      selection.select(node);
      showGraph();
    };
    const advice = data.advice[layer.name];
    return element(
      "tr",
      {},
      element("td", {}, element("button", { class: "link", click: show }, nameText(layer.name))),
      element("td", {}, layer.op),
      element(
        "td",
        { class: "nowrap" },
        element("span", { class: "bar", style: `width:${(4 + 90 * share).toFixed(0)}px` }),
        decibels(worst.sqnr(layer)),
      ),
      element(
        "td",
        { class: "wide" },
        advice ? (advice.action === "nothing" ? "nothing to do: " : `${advice.action}: `) + advice.reason : "",
      ),
    );
  });
  return [
    element(
      "div",
      { class: "card plain" },
      element("h2", {}, "Layers that cost most"),
      element("p", { class: "soft small" }, worst.about),
      element("table", {}, element("tbody", {}, ...items)),
    ),
  ];
}

/** Most reasons that are listed; the table of nodes has them all. */
const mostReasons = 20;

function floatCard({ graph, backend }: ReportData): readonly HTMLElement[] {
  if (backend === null) return [];
  const reasons = new Map<string, Map<string, number>>();
  for (const { op, reason, integer } of graph.nodes) {
    if (integer) continue;
    const text = reason ?? "it has nothing to quantize";
    const ops = reasons.get(text) ?? new Map<string, number>();
    reasons.set(text, ops.set(op, (ops.get(op) ?? 0) + 1));
  }
  if (reasons.size === 0) return [];
  const rows = [...reasons].slice(0, mostReasons).map(([reason, ops]) => {
    const counts = [...ops].map(([op, count]) => (count > 1 ? `${count} ${op}` : op));
    return element("li", {}, `${counts.join(", ")}: ${reason}`);
  });
  const more = reasons.size > mostReasons ? [element("li", {}, `and ${reasons.size - mostReasons} more reasons`)] : [];
  return [
    element(
      "div",
      { class: "card" },
      element("h2", {}, "What stays float, and why"),
      element("ul", {}, ...rows, ...more),
    ),
  ];
}

function origin({ command, versions }: ReportData): HTMLElement {
  const facts = Object.entries(versions).flatMap(([name, version]) => [
    element("dt", {}, name),
    element("dd", {}, version),
  ]);
  return element(
    "div",
    { class: "card" },
    element("h2", {}, "How to make this again"),
    element("p", {}, element("code", { dir: "auto" }, command)),
    element("dl", {}, ...facts),
  );
}

function milliseconds(value: number): string {
  return timeText(1000 * value);
}

function ratioText(before: number, now: number, better: string, worse: string): string {
  const ratio = before / now;
  if (Math.abs(ratio - 1) < 0.02) return "as before";
  return ratio > 1 ? `${ratio.toFixed(2)} times ${better}` : `${(1 / ratio).toFixed(2)} times ${worse}`;
}
