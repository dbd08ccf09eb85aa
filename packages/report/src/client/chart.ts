import uPlot from "uplot";
import { element } from "./element.ts";
import type { Theme } from "./theme.ts";

/** What a chart is drawn with. */
export interface ChartLook {
  readonly colour: (name: string) => string;
  /** An axis with its title. */
  readonly axis: (title: string, more?: Partial<uPlot.Axis>) => uPlot.Axis;
}

/** A chart's own part of uPlot's options, and its columns. */
export interface Chart {
  readonly options: Omit<uPlot.Options, "width" | "height">;
  readonly data: uPlot.AlignedData;
}

/** On paper, in CSS pixels: as wide as a page of A4 within its margins. */
const paperWidth = 640;
const font = "12px system-ui, sans-serif";

/** A chart that is drawn anew when its width or the colours change. */
export function chart(theme: Theme, label: string, height: number, make: (look: ChartLook) => Chart): HTMLElement {
  const place = element("div", { class: "plot", role: "img", "aria-label": label });
  let drawn: uPlot | null = null;
  const look: ChartLook = {
    colour: (name) => theme.colour(name),
    axis: (title, more) => ({
      label: title,
      labelSize: 22,
      labelFont: font,
      font,
      stroke: theme.colour("ink"),
      grid: { stroke: theme.colour("line"), width: 1 },
      ticks: { stroke: theme.colour("line"), width: 1 },
      ...more,
    }),
  };
  const draw = (): void => {
    const width = theme.printing ? paperWidth : place.clientWidth;
    if (width === 0) return;
    drawn?.destroy();
    const { options, data } = make(look);
    drawn = new uPlot({ ...options, width, height }, data, place);
  };
  new ResizeObserver(() => {
    if (!theme.printing && drawn?.width !== place.clientWidth) draw();
  }).observe(place);
  theme.listen(place, draw);
  return place;
}

/** A vertical line across a chart at a value of its x axis. */
export function verticalLine(plot: uPlot, value: number, style: LineStyle): void {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(value, "x", true);
  if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return;
  ctx.save();
  ctx.strokeStyle = style.colour;
  ctx.lineWidth = (style.width ?? 1) * uPlot.pxRatio;
  ctx.setLineDash([...(style.dash ?? [])].map((length) => length * uPlot.pxRatio));
  ctx.beginPath();
  ctx.moveTo(x, bbox.top + (style.from ?? 0) * bbox.height);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** How a line looks. */
export interface LineStyle {
  readonly colour: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  /** Where it begins: 0 at the top, 1 at the bottom. */
  readonly from?: number;
}

/** Numbers along an axis with as many decimals as their steps need. */
export function axisTexts(splits: readonly number[], factor = 1, unit = ""): string[] {
  const step = splits.length > 1 ? Math.abs(splits[1]! - splits[0]!) * factor : 1;
  const decimals = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  // Half a step of 10 needs a decimal more than the step itself.
  const finer = Number(step.toFixed(decimals)) === Number(step.toPrecision(6)) ? decimals : decimals + 1;
  return splits.map((split) => `${(split * factor).toFixed(finer)}${unit}`);
}

/** 1, 2 and 5 times powers of ten within a range: few enough to be read. */
export function logarithmicSplits(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const times of [1, 2, 5]) all.push(times * 10 ** power);
  }
  const inside = all.filter((each) => each >= low && each <= high);
  return inside.length <= 9
    ? inside
    : inside.filter((each) => Number.isInteger(Math.round(Math.log10(each) * 1e6) / 1e6));
}
