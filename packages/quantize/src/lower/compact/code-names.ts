import { GraphEditor, type Graph } from "@lowbit/ir";

/**
 * Gives what conversions make names of a few letters: `q`, `q_1`, …. They have the names of other values with an ending,
 * and those are still there. Returns how many.
 */
export function shortenCodeNames(graph: Graph): number {
  const editor = new GraphEditor(graph);
  let shortened = 0;
  for (const node of graph.nodes) {
    if (!node.is("QuantizeLinear") && !node.is("DequantizeLinear")) continue;
    const value = node.output;
    if (value.isGraphOutput || isShort.test(value.name)) continue;
    editor.rename(value, graph.names.fresh("q"));
    shortened++;
  }
  return shortened;
}

const isShort = /^q(_\d+)?$/;
