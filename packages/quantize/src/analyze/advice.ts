import type { Analysis, LayerAnalysis } from "./analysis.ts";
import type { CodeStatistics } from "./code-statistics.ts";

/** What to do about a layer, and the fact it follows from. */
export interface Advice {
  readonly action: "per-channel" | "equalize" | "observer" | "more-data" | "keep-float" | "nothing";
  readonly reason: string;
}

/** Ratio of the reaches of channels from which one scale for all of them is a bad fit. */
const unevenChannels = 16;

/** Ratio of a range to the core of its values from which outliers cost more than cutting them off. */
const longTails = 2;

/** Share of values beyond the codes that is worth telling. */
const manySaturated = 0.001;

/** SQNR of a layer alone, in dB, from which nothing needs to be done. */
const goodSqnr = 30;

/** What to do about one layer of an analysis: the likeliest cause first, keeping it float last. */
export function adviceFor(layer: LayerAnalysis, analysis: Analysis): Advice {
  const values = analysis.values.filter(({ layers }) => layers.includes(layer.name));
  return adviceOn(layer.isolated.sqnr, layer.weight, values);
}

/**
 * What to do about a layer by what is known of its codes.
 *
 * @param sqnr of the layer by itself, in dB; null where it adds no error
 * @param values that it reads and gives as codes
 */
export function adviceOn(
  sqnr: number | null,
  weight: CodeStatistics | null,
  values: readonly (CodeStatistics & { readonly name: string })[],
): Advice {
  if (sqnr === null || sqnr >= goodSqnr) return { action: "nothing", reason: `alone it keeps ${decibelText(sqnr)}` };
  const weightRatio = weight ? channelRatio(weight) : 1;
  if (weight?.grid.axis === null && weightRatio >= unevenChannels) {
    const reason = `the weights of its channels differ ${weightRatio.toFixed(0)} times in size, and share one scale`;
    return { action: "per-channel", reason };
  }
  const uneven = values.find((value) => value.grid.axis === null && channelRatio(value) >= unevenChannels);
  if (uneven) {
    const reason = `the channels of "${uneven.name}" differ ${channelRatio(uneven).toFixed(0)} times in size, and share one scale`;
    return { action: "equalize", reason };
  }
  const tailed = values.find((value) => tailRatio(value) >= longTails);
  if (tailed) {
    const reason = `the range of "${tailed.name}" is ${tailRatio(tailed).toFixed(1)} times that of 99.9 % of its values`;
    return { action: "observer", reason };
  }
  const cut = values.find(({ saturated }) => saturated >= manySaturated);
  if (cut) {
    const reason = `${(100 * cut.saturated).toFixed(2)} % of the values of "${cut.name}" lie beyond its codes`;
    return { action: "more-data", reason };
  }
  return { action: "keep-float", reason: `alone it keeps only ${decibelText(sqnr)}` };
}

/** The layers of an analysis by what the model gains when each is left float, or loses when it alone is quantized. */
export function worstLayers(analysis: Analysis): readonly LayerAnalysis[] {
  const key = (layer: LayerAnalysis): number => (layer.quantizedAlone ?? layer.isolated).sqnr ?? Infinity;
  return analysis.layers.toSorted((a, b) => compare(key(a), key(b)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Largest reach of a channel by that of the smallest tenth; 1 where there is one channel. */
function channelRatio({ channels }: CodeStatistics): number {
  const reaches = channels.max.map((high, i) => Math.max(Math.abs(high), Math.abs(channels.min[i]!)));
  const sorted = reaches.filter((reach) => reach > 0).toSorted((a, b) => a - b);
  return sorted.length < 2 ? 1 : sorted.at(-1)! / sorted[Math.floor(sorted.length / 10)]!;
}

function tailRatio({ grid, core }: CodeStatistics): number {
  const range = (grid.qmax - grid.qmin) * grid.scale[0]!;
  const width = Math.max(core[1], 0) - Math.min(core[0], 0);
  return width <= 0 ? 1 : range / width;
}

function decibelText(sqnr: number | null): string {
  return sqnr === null ? "every value exactly" : `${sqnr.toFixed(1)} dB`;
}
