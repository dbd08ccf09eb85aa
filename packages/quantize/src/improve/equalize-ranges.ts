import { GraphEditor, type Graph, type Model, type Node } from "@lowbit/ir";
import { definePass, graphsWithin } from "@lowbit/rewrite";
import { chainBehind } from "./channel-chain.ts";
import { ChannelLayer } from "./channel-layer.ts";
import { clipNotEqualized } from "./diagnostics.ts";

/** Most sweeps over the pairs of a graph; chains of depthwise layers settle in far fewer. */
const maxSweeps = 100;

/** Factors this near to 1 change nothing that codes could show. */
const tolerance = 0.01;

/** Two layers, the second the only reader of the first. */
interface Pair {
  readonly first: ChannelLayer;
  readonly second: ChannelLayer;
  /** Input features of the second per output channel of the first. */
  readonly repeat: number;
}

/**
 * Cross-layer equalization: rescales the channels between two layers so that both weights reach equally far in each,
 * which lets one scale per tensor serve all channels. What the model computes stays the same up to float rounding
 * (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, eq. 10 and 11).
 */
export const equalizeRanges = definePass({
  name: "equalize-ranges",
  summary: "Balances the weight ranges of consecutive layers, channel by channel, through Relu and pooling.",
  run(model: Model, context) {
    let changed = 0;
    for (const graph of graphsWithin(model.graph)) {
      changed += equalize(
        pairsOf(graph, (layer, clip) => context.report(clipNotEqualized(layer, clip))),
        graph,
      );
    }
    return { changed };
  },
});

function pairsOf(graph: Graph, clipped: (layer: Node, clip: Node) => void): readonly Pair[] {
  const layers = new Map<Node, ChannelLayer>();
  for (const node of graph.nodes) {
    const layer = ChannelLayer.of(node);
    if (layer) layers.set(node, layer);
  }
  return [...layers.values()].flatMap((first) => {
    const chain = chainBehind(first.node, first.outputs);
    if (chain?.kind === "clipped") clipped(first.node, chain.clip);
    const second = chain?.kind === "free" ? layers.get(chain.reader) : undefined;
    if (chain?.kind !== "free" || !second || second.inputs !== first.outputs * chain.repeat) return [];
    return [{ first, second, repeat: chain.repeat }];
  });
}

function equalize(pairs: readonly Pair[], graph: Graph): number {
  const changed = new Set<ChannelLayer>();
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let isSettled = true;
    for (const { first, second, repeat } of pairs) {
      const factors = factorsFor(first.outputReach(), reachPerChannel(second.inputReach(), repeat));
      if (factors.every((factor) => Math.abs(Math.log(factor)) < tolerance)) continue;
      isSettled = false;
      first.scaleOutputs(factors.map((factor) => 1 / factor));
      second.scaleInputs(Float64Array.from({ length: second.inputs }, (_, i) => factors[Math.floor(i / repeat)]!));
      changed.add(first).add(second);
    }
    if (isSettled) break;
  }
  const editor = new GraphEditor(graph);
  for (const layer of changed) layer.write(editor);
  return changed.size;
}

/** s = √(r1 / r2): then W1 / s and W2 · s both reach √(r1 · r2). Channels that one side does not use stay. */
function factorsFor(first: Float64Array, second: Float64Array): Float64Array {
  return first.map((reach, i) => (reach > 0 && second[i]! > 0 ? Math.sqrt(reach / second[i]!) : 1));
}

function reachPerChannel(reach: Float64Array, repeat: number): Float64Array {
  if (repeat === 1) return reach;
  return Float64Array.from({ length: reach.length / repeat }, (_, i) =>
    Math.max(...reach.subarray(i * repeat, (i + 1) * repeat)),
  );
}
