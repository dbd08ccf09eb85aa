import type { Analysis, CodeStatistics } from "@lowbit/quantize";
import type { ReportNode } from "../report-data.ts";
import { element, shortened } from "./element.ts";
import { decibels, percent, short } from "./numbers.ts";
import { plotStyle } from "./plot-style.ts";
import type { Selection } from "./selection.ts";
import type { Theme } from "./theme.ts";
import { channelChart, histogramChart, histogramNote } from "./value-charts.ts";

/** One value at a time: the histogram of its floats with the ends of the codes, its grid, and the ranges of its channels. */
export function valuesView(
  analysis: Analysis,
  nodes: readonly ReportNode[],
  selection: Selection,
  theme: Theme,
): HTMLElement {
  const entries = [
    ...analysis.values.map((value) => ({
      title: value.name,
      layers: value.layers,
      statistics: value as CodeStatistics,
    })),
    ...analysis.layers.flatMap(({ name, weight }) =>
      weight ? [{ title: `weights of ${name}`, layers: [name], statistics: weight }] : [],
    ),
  ];
  const options = entries.map(({ title }, index) => element("option", { value: index }, shortened(title, 90)));
  const choice = element("select", { "aria-label": "value", change: () => show(Number(choice.value)) }, ...options);
  const place = element("div");
  const step = (by: number): void => show((Number(choice.value) + by + entries.length) % entries.length);
  const show = (index: number): void => {
    choice.value = String(index);
    const entry = entries[index];
    if (entry) place.replaceChildren(...panels(entry.title, entry.layers, entry.statistics, theme));
  };
  show(0);
  selection.listen((node) => {
    const layer = node === null ? null : nodes[node]!.layer;
    const found = entries.findIndex(({ layers }) => layer !== null && layers.at(0) === layer);
    if (found >= 0) show(found);
  });
  return element(
    "div",
    {},
    element("style", {}, plotStyle),
    element(
      "div",
      { class: "tools" },
      element("label", {}, "Value ", choice),
      element("button", { click: () => step(-1) }, "Previous"),
      element("button", { click: () => step(1) }, "Next"),
    ),
    place,
  );
}

function panels(
  title: string,
  layers: readonly string[],
  statistics: CodeStatistics,
  theme: Theme,
): readonly HTMLElement[] {
  const { grid, error, saturated, unused, channels } = statistics;
  const scales = grid.scale.length;
  const facts: readonly (readonly [string, string])[] = [
    ["codes", `${grid.dtype}, ${grid.qmin} to ${grid.qmax}`],
    [
      "scale",
      scales === 1
        ? short(grid.scale[0]!)
        : `${scales} scales, ${short(Math.min(...grid.scale))} to ${short(Math.max(...grid.scale))}`,
    ],
    ["zero point", zeroPointText(grid.zeroPoint)],
    ["values", `${short(Math.min(...channels.min))} to ${short(Math.max(...channels.max))}`],
    ["SQNR of rounding", decibels(error.sqnr)],
    ["cosine", error.cosine.toFixed(6)],
    ["largest difference", short(error.maxDifference)],
    ["saturated", percent(saturated)],
    ["unused codes", percent(unused)],
    ["layers", layers.map((layer) => shortened(layer, 80)).join(", ")],
  ];
  const list = facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { dir: "auto" }, value)]);
  return [
    element(
      "div",
      { class: "split" },
      element(
        "div",
        { class: "card" },
        element("h2", { dir: "auto" }, shortened(title, 200)),
        histogramChart(theme, statistics),
        element("p", { class: "soft small" }, histogramNote(statistics)),
      ),
      element("div", { class: "card" }, element("dl", {}, ...list)),
    ),
    ...(channels.min.length > 1
      ? [
          element(
            "div",
            { class: "card" },
            element("h2", {}, "Range of each channel"),
            channelChart(theme, statistics),
            element("p", { class: "soft small" }, "Solid: largest value of each channel; dashed: smallest."),
          ),
        ]
      : []),
  ];
}

function zeroPointText(zeroPoint: readonly number[]): string {
  const [low, high] = [Math.min(...zeroPoint), Math.max(...zeroPoint)];
  return low === high ? String(low) : `${low} to ${high}`;
}
