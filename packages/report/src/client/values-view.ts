import type { CodeStatistics } from "@lowbit/quantize";
import uPlot from "uplot";
import type { ReportData } from "../report-data.ts";
import { element, shortened } from "./element.ts";
import { decibels, percent, short } from "./numbers.ts";
import type { Selection } from "./selection.ts";
import { plotStyle } from "./plot-style.ts";

/** One value at a time: the histogram of its floats with the ends of the codes, its grid, and the ranges of its channels. */
export function valuesView({ analysis }: ReportData, selection: Selection): HTMLElement {
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
  const show = (index: number): void => {
    choice.value = String(index);
    const entry = entries[index];
    if (entry) place.replaceChildren(...panels(entry.title, entry.statistics));
  };
  selection.listen((layer) => {
    const found = entries.findIndex(({ layers }) => layer !== null && layers.at(0) === layer);
    show(Math.max(0, found));
  });
  return element(
    "div",
    {},
    element("style", {}, plotStyle),
    element("div", { class: "tools" }, element("label", {}, "Value ", choice)),
    place,
  );
}

function panels(title: string, statistics: CodeStatistics): readonly HTMLElement[] {
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
    [
      "zero point",
      scales === 1 ? String(grid.zeroPoint[0]) : `${Math.min(...grid.zeroPoint)} to ${Math.max(...grid.zeroPoint)}`,
    ],
    ["SQNR of rounding", decibels(error.sqnr)],
    ["cosine", error.cosine.toFixed(6)],
    ["largest difference", short(error.maxDifference)],
    ["saturated", percent(saturated)],
    ["unused codes", percent(unused)],
  ];
  const list = facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  const histogram = element("div", { class: "plot", role: "img", "aria-label": "histogram" });
  const ranges = element("div", { class: "plot", role: "img", "aria-label": "ranges of the channels" });
  requestAnimationFrame(() => {
    drawHistogram(histogram, statistics);
    if (channels.min.length > 1) drawChannels(ranges, statistics);
  });
  return [
    element(
      "div",
      { class: "split" },
      element("div", { class: "card" }, element("h2", { dir: "auto" }, shortened(title, 200)), histogram),
      element("div", { class: "card" }, element("dl", {}, ...list)),
    ),
    ...(channels.min.length > 1
      ? [element("div", { class: "card" }, element("h2", {}, "Range of each channel"), ranges)]
      : []),
  ];
}

function drawHistogram(place: HTMLElement, { histogram, grid }: CodeStatistics): void {
  const { start, width, counts, zeros } = histogram;
  const scale = Math.max(...grid.scale);
  const zero = grid.zeroPoint[0]!;
  const [low, high] = [(grid.qmin - zero) * scale, (grid.qmax - zero) * scale];
  const xs = counts.map((_, i) => start + (i + 0.5) * width);
  const bars = uPlot.paths.bars!({ size: [1, Infinity], gap: 0 });
  const colours = getComputedStyle(document.documentElement);
  const colour = (name: string): string => colours.getPropertyValue(name).trim();
  const marks = (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    ctx.save();
    const line = (value: number, style: string, dash: readonly number[], from: number): void => {
      const x = plot.valToPos(value, "x", true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return;
      ctx.strokeStyle = style;
      ctx.setLineDash([...dash]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + from * bbox.height);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    };
    ctx.lineWidth = 1;
    for (let code = grid.qmin; code <= grid.qmax && grid.qmax - grid.qmin < 1024; code++) {
      line((code - zero) * scale, colour("--float"), [], 0.965);
    }
    ctx.lineWidth = 2;
    for (const end of [low, high]) line(end, colour("--float"), [6, 4], 0);
    ctx.restore();
  };
  const first = Math.min(start, low);
  const last = Math.max(start + counts.length * width, high);
  const margin = 0.02 * (last - first || 1);
  const axis = {
    stroke: colour("--ink"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line") },
  };
  const settings: uPlot.Options = {
    width: Math.max(300, place.clientWidth),
    height: 300,
    legend: { show: false },
    scales: {
      x: { time: false, range: [first - margin, last + margin] },
      y: { distr: 3, range: [0.5, Math.max(2, ...counts) * 1.5] },
    },
    axes: [axis, { ...axis, size: 70 }],
    series: [{}, { paths: bars, fill: colour("--accent"), stroke: colour("--accent"), points: { show: false } }],
    hooks: { draw: [marks] },
  };
  new uPlot(settings, [xs, counts.map((count) => (count === 0 ? null : count))], place);
  const note = `counts on a logarithmic scale; dashed: smallest and largest code; ticks below: the codes${grid.scale.length > 1 ? " of the largest scale" : ""}; ${zeros.toLocaleString("en")} values are exactly 0 and not drawn`;
  place.append(element("p", { class: "soft" }, note));
}

function drawChannels(place: HTMLElement, { channels }: CodeStatistics): void {
  const colours = getComputedStyle(document.documentElement);
  const colour = (name: string): string => colours.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line") },
  };
  const series = (label: string, stroke: string): uPlot.Series => ({
    label,
    stroke,
    width: 2,
    paths: uPlot.paths.stepped!({ align: 1 }),
    points: { show: false },
  });
  const settings: uPlot.Options = {
    width: Math.max(300, place.clientWidth),
    height: 240,
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 70 }],
    series: [{ label: "channel" }, series("largest", colour("--accent")), series("smallest", colour("--float"))],
  };
  new uPlot(settings, [channels.max.map((_, i) => i), [...channels.max], [...channels.min]], place);
}
