import { GraphEditor, type Graph, type Model } from "@lowbit/ir";
import { definePass, graphsWithin } from "@lowbit/rewrite";
import type { ChannelLayer } from "./channel-layer.ts";
import { channelPairs, type ChannelPair } from "./channel-pair.ts";
import { clipNotEqualized } from "./diagnostics.ts";

/** Most sweeps over the pairs of a graph; chains of depthwise layers settle in far fewer. */
const maxSweeps = 100;

/** Factors this near to 1 change nothing that codes could show. */
const tolerance = 0.01;

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
        channelPairs(graph, (layer, clip) => context.report(clipNotEqualized(layer, clip))),
        graph,
      );
    }
    return { changed };
  },
});

function equalize(pairs: readonly ChannelPair[], graph: Graph): number {
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
