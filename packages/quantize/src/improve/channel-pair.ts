import type { Graph, Node } from "@lowbit/ir";
import { chainBehind } from "./channel-chain.ts";
import { ChannelLayer } from "./channel-layer.ts";

/** Two layers, the second the only reader of the first, whose channels may be rescaled against each other. */
export interface ChannelPair {
  readonly first: ChannelLayer;
  readonly second: ChannelLayer;
  /** Input features of the second per output channel of the first. */
  readonly repeat: number;
}

/** The pairs of a graph, in its order; `clipped` gets the layers that only a Clip behind them keeps from being one. */
export function channelPairs(graph: Graph, clipped: (layer: Node, clip: Node) => void): readonly ChannelPair[] {
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
