import type { CodeStatistics } from "@lowbit/quantize";
import uPlot from "uplot";
import { chart, verticalLine } from "./chart.ts";
import type { Theme } from "./theme.ts";

/** Codes whose ticks can still be told apart. */
const mostTicks = 400;

/** The float values of a tensor, with the ends of its codes and their grid over them. */
export function histogramChart(theme: Theme, { histogram, grid }: CodeStatistics): HTMLElement {
  const { start, width, counts } = histogram;
  const scale = Math.max(...grid.scale);
  const zero = grid.zeroPoint[grid.scale.indexOf(scale)] ?? 0;
  const [low, high] = [(grid.qmin - zero) * scale, (grid.qmax - zero) * scale];
  const first = Math.min(start, low);
  const last = Math.max(start + counts.length * width, high);
  const margin = 0.02 * (last - first || 1);
  const data: uPlot.AlignedData = [
    counts.map((_, i) => start + (i + 0.5) * width),
    counts.map((count) => (count === 0 ? null : count)),
  ];
  const top = Math.max(2, ...counts) * 1.5;
  const powers = Array.from({ length: 1 + Math.floor(Math.log10(top)) }, (_, i) => 10 ** i);
  return chart(theme, "histogram of the float values", 320, ({ colour, axis }) => ({
    data,
    options: {
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [first - margin, last + margin] },
        y: { distr: 3, range: [0.5, top] },
      },
      axes: [
        axis("float value"),
        axis("values", { size: 62, splits: () => powers, filter: () => powers, values: () => powers.map(powerText) }),
      ],
      series: [
        {},
        {
          paths: uPlot.paths.bars!({ size: [1, Infinity], gap: 0 }),
          fill: colour("bar"),
          stroke: colour("bar"),
          points: { show: false },
        },
      ],
      hooks: {
        draw: [
          (plot) => {
            const span = (high - low) / (last - first + 2 * margin);
            const hasTicks = (grid.qmax - grid.qmin) / Math.max(0.01, span) <= mostTicks;
            const tick = { colour: colour("grid-mark"), from: 0.955 };
            if (hasTicks) {
              for (let code = grid.qmin; code <= grid.qmax; code++) verticalLine(plot, (code - zero) * scale, tick);
            } else shadeStrip(plot, low, high, colour("grid-mark"));
            const end = { colour: colour("grid-mark"), width: 2, dash: [6, 4] };
            for (const value of [low, high]) verticalLine(plot, value, end);
          },
        ],
      },
    },
  }));
}

/** What the chart shows, in words. */
export function histogramNote({ histogram, grid }: CodeStatistics): string {
  const codes = `the strip below: where the codes lie${grid.scale.length > 1 ? " with the largest scale" : ""}`;
  const zeros =
    histogram.zeros === 0 ? "" : `; ${histogram.zeros.toLocaleString("en")} values are exactly 0 and not drawn`;
  return `Counts on a logarithmic scale; dashed: smallest and largest code; ${codes}${zeros}.`;
}

/** Smallest and largest value of each channel. */
export function channelChart(theme: Theme, { channels }: CodeStatistics): HTMLElement {
  const stepped = uPlot.paths.stepped!({ align: 1 });
  const count = channels.max.length;
  return chart(theme, "smallest and largest value of each channel", 260, ({ colour, axis }) => ({
    // The last step is as wide as the others.
    data: [
      Array.from({ length: count + 1 }, (_, i) => i),
      [...channels.max, channels.max.at(-1)!],
      [...channels.min, channels.min.at(-1)!],
    ],
    options: {
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [0, count] } },
      axes: [axis("channel", { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }), axis("float value", { size: 62 })],
      series: [
        { label: "channel" },
        { label: "largest", stroke: colour("bar"), width: 2, paths: stepped, points: { show: false } },
        {
          label: "smallest",
          stroke: colour("grid-mark"),
          width: 2,
          dash: [5, 3],
          paths: stepped,
          points: { show: false },
        },
      ],
    },
  }));
}

function shadeStrip(plot: uPlot, low: number, high: number, colour: string): void {
  const { ctx, bbox } = plot;
  const at = (value: number): number =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(value, "x", true)));
  ctx.save();
  ctx.globalAlpha = 0.55;
  ctx.fillStyle = colour;
  ctx.fillRect(at(low), bbox.top + 0.965 * bbox.height, at(high) - at(low), 0.035 * bbox.height);
  ctx.restore();
}

function powerText(count: number): string {
  return count >= 1e6 ? count.toExponential(0).replace("+", "") : count.toLocaleString("en");
}
