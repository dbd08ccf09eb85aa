import type { ReportData } from "../report-data.ts";
import { element } from "./element.ts";
import { decibels, metricText } from "./numbers.ts";

/** The figures that count, and how the report was made. */
export function summaryView({ analysis, metric, graph, command, versions }: ReportData): HTMLElement {
  const total = analysis.layers.reduce((sum, { macs }) => sum + macs, 0);
  const float = graph.nodes.filter(({ layer }) => layer === null);
  const figure = (value: string, about: string): HTMLElement =>
    element("div", { class: "card" }, element("b", {}, value), element("span", { class: "soft" }, about));
  const figures = [
    ...(metric === null
      ? []
      : [
          figure(metricText(analysis.float.metric, metric), `${metric}, float`),
          figure(metricText(analysis.quantized.metric, metric), `${metric}, quantized`),
        ]),
    figure(decibels(analysis.quantized.sqnr), "SQNR of the quantized results"),
    figure(String(analysis.layers.length), "quantized layers"),
    figure(total.toLocaleString("en"), "multiply-accumulates per sample in them"),
    figure(String(float.length), "nodes that stay float"),
  ];
  const reasons = new Map<string, number>();
  for (const { op, reason } of float) {
    const text = `${op}: ${reason ?? "it has nothing to quantize"}`;
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  const rows = [...reasons].map(([text, count]) => element("li", {}, `${text}${count > 1 ? ` (${count} nodes)` : ""}`));
  const facts = Object.entries(versions).flatMap(([name, version]) => [
    element("dt", {}, name),
    element("dd", {}, version),
  ]);
  return element(
    "div",
    {},
    element("div", { class: "figures" }, ...figures),
    ...(rows.length === 0
      ? []
      : [
          element("div", { class: "card" }, element("h2", {}, "What stays float, and why"), element("ul", {}, ...rows)),
        ]),
    element(
      "div",
      { class: "card" },
      element("h2", {}, "How to make this again"),
      element("p", {}, element("code", { dir: "auto" }, command)),
      element("dl", {}, ...facts),
    ),
  );
}
