import type { ReportData, ReportGraph } from "../../report-data.ts";
import { decibels, percent, timeText } from "../numbers.ts";
import type { Item } from "./scene.ts";

/** How boxes are coloured. */
export type Colouring = "error" | "saturation" | "time" | "integer";

/** The colour of a box and of the text on it; null where there is nothing to show. */
export interface Paint {
  readonly fill: string;
  readonly ink: string;
  /** Of a block: the share of its nodes on integers, which is filled; the rest is float. */
  readonly integers?: number;
}

/** What colours mean: words and colours in the order in which they stand side by side. */
export interface Legend {
  readonly title: string;
  readonly entries: readonly (string | { readonly fill: string })[];
}

/** Viridis (van der Walt and Smith), five of its colours; they differ in lightness, so all forms of colour-blindness tell them apart. */
const viridis = ["#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"] as const;

/** Blue and orange of Okabe and Ito: told apart with all forms of colour-blindness. */
const integerColour = "#0072b2";
const floatColour = "#e69f00";
const [light, dark] = ["#ffffff", "#10151c"];

/** From this on a result is as good as exact, and up to that as bad as it gets, in dB. */
const [goodSqnr, badSqnr] = [50, 10];
const muchSaturated = 0.02;

/** Knows the colour of everything in a graph. */
export class GraphColours {
  readonly #graph: ReportGraph;
  /** Of nodes: error as a share of 0 (good) to 1, share saturated, and microseconds; null where nothing is known. */
  readonly #error: readonly (number | null)[];
  readonly #saturation: readonly (number | null)[];
  readonly #time: readonly (number | null)[];
  /** By block, its nodes, those of inner blocks included. */
  readonly members: readonly (readonly number[])[];
  readonly available: readonly Colouring[];
  /** Of what is drawn: blocks take the time of all nodes in them. */
  #slowest = 0;

  constructor({ graph, analysis, backend }: ReportData) {
    this.#graph = graph;
    const layers = new Map(analysis?.layers.map((layer) => [layer.name, layer]));
    const saturated = new Map<string, number>();
    for (const value of analysis?.values ?? []) {
      for (const layer of value.layers) saturated.set(layer, Math.max(saturated.get(layer) ?? 0, value.saturated));
    }
    this.#error = graph.nodes.map(({ layer }) => {
      const found = layer === null ? undefined : layers.get(layer);
      if (!found) return null;
      const { sqnr } = found.cumulative;
      return sqnr === null ? 0 : (goodSqnr - sqnr) / (goodSqnr - badSqnr);
    });
    this.#saturation = graph.nodes.map(({ layer }) => (layer === null ? null : (saturated.get(layer) ?? null)));
    this.#time = graph.nodes.map(({ time }) => time?.made ?? time?.float ?? null);
    const members = graph.blocks.map((): number[] => []);
    graph.nodes.forEach((node, index) => {
      for (let at = node.block; at !== null; at = graph.blocks[at]!.parent) members[at]!.push(index);
    });
    this.members = members;
    this.available = [
      ...(analysis ? (["error", "saturation"] as const) : []),
      ...(this.#time.some((time) => time !== null) ? (["time"] as const) : []),
      ...(backend === null ? [] : (["integer"] as const)),
    ];
  }

  /** Microseconds of a node, or of all nodes of a block; null where none was measured. */
  timeOf(item: Item): number | null {
    const times = this.#nodesOf(item).flatMap((node) => this.#time[node] ?? []);
    return times.length === 0 ? null : times.reduce((a, b) => a + b);
  }

  /** Says what is drawn now: times are shades between nothing and the slowest of it. */
  compare(items: readonly Item[]): void {
    this.#slowest = items.reduce((most, item) => Math.max(most, this.timeOf(item) ?? 0), 0);
  }

  paint(item: Item, by: Colouring): Paint | null {
    const nodes = this.#nodesOf(item);
    if (by === "integer") {
      const known = nodes.filter((node) => this.#graph.nodes[node]!.integer !== null);
      if (known.length === 0) return null;
      const integers = known.filter((node) => this.#graph.nodes[node]!.integer).length / known.length;
      if (integers === 1) return { fill: integerColour, ink: light };
      return integers === 0 ? { fill: floatColour, ink: dark } : { fill: floatColour, ink: dark, integers };
    }
    if (by === "time") {
      const time = this.timeOf(item);
      return time === null ? null : shade(time / (this.#slowest || 1));
    }
    const worst = (of: readonly (number | null)[]): number | null => {
      const known = nodes.flatMap((node) => of[node] ?? []);
      return known.length === 0 ? null : Math.max(...known);
    };
    const value = by === "error" ? worst(this.#error) : worst(this.#saturation);
    return value === null ? null : shade(by === "error" ? value : value / muchSaturated);
  }

  legend(by: Colouring): Legend {
    const scale = (first: string, last: string): Legend["entries"] => [
      first,
      ...viridis.map((fill) => ({ fill })),
      last,
    ];
    switch (by) {
      case "integer":
        return {
          title: "runs as",
          entries: [{ fill: integerColour }, "integer", { fill: floatColour }, "float"],
        };
      case "time":
        return {
          title: "time of one run, as profiled",
          entries: scale("0", `${timeText(this.#slowest)}, the slowest box`),
        };
      case "saturation":
        return { title: "saturated values", entries: scale("0 %", `${percent(muchSaturated)} and more`) };
      case "error":
        return {
          title: "SQNR in the model",
          entries: scale(`${decibels(goodSqnr)} and more`, `${decibels(badSqnr)} and less`),
        };
    }
  }

  #nodesOf({ kind, index }: Item): readonly number[] {
    return kind === "node" ? [index] : this.members[index]!;
  }
}

/** A colour for a share of 0 (good, yellow) to 1 (bad, dark violet). */
function shade(share: number): Paint {
  const at = Math.min(viridis.length - 1, Math.max(0, Math.round(share * (viridis.length - 1))));
  return { fill: viridis[at]!, ink: at < 2 ? dark : light };
}
