import type { LayerAnalysis } from "@lowbit/quantize";
import type { ReportData } from "../report-data.ts";

/** Layers by what they cost, worst first. */
export interface WorstLayers {
  readonly about: string;
  readonly sqnr: (layer: LayerAnalysis) => number | null;
  readonly rows: readonly {
    readonly layer: LayerAnalysis;
    /** Index of the node to show for it. */
    readonly node: number;
    /** Its cost between those of the best and of the worst layer: 0 to 1. */
    readonly share: number;
  }[];
}

const shownLayers = 6;

/** The layers that cost most: by the model's error with each quantized alone where that was measured, else by its own error. */
export function worstOf({ analysis, graph }: ReportData): WorstLayers {
  const layers = analysis?.layers ?? [];
  const ablates = layers.some(({ quantizedAlone }) => quantizedAlone !== null);
  const sqnr = (layer: LayerAnalysis): number | null => (ablates ? layer.quantizedAlone!.sqnr : layer.isolated.sqnr);
  const known = layers.filter((layer) => sqnr(layer) !== null).toSorted((a, b) => sqnr(a)! - sqnr(b)!);
  const [least, most] = [known[0], known.at(-1)].map((layer) => (layer ? sqnr(layer)! : 0)) as [number, number];
  const rows = known.slice(0, shownLayers).flatMap((layer) => {
    const named = graph.nodes.findIndex(({ name }) => name === layer.name);
    const node = named < 0 ? graph.nodes.findIndex((each) => each.layer === layer.name) : named;
    return node < 0 ? [] : [{ layer, node, share: (most - sqnr(layer)!) / (most - least || 1) }];
  });
  const about = ablates
    ? "Error of the model's results when only this layer is quantized; the longer the bar, the more they suffer."
    : "Error of the layer's own result when only it is quantized; the longer the bar, the larger the error.";
  return { about, sqnr, rows };
}
