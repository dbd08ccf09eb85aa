import { GraphEditor, lowbitDomain, Tensor, type Graph, type Node, type Use, type Value } from "@lowbit/ir";
import { productOf } from "./product.ts";

/** Largest magnitude of a bias in int32, which leaves half of the accumulator's range to the products. */
export const largestBias = 2 ** 30;

/**
 * Enlarges weight scales whose product with the scale of the data is so small that the bias would not fit into int32,
 * as for channels whose weights are nearly 0. All parameters must be constants. Returns how many channels changed.
 */
export function widenScalesForBias(graph: Graph): number {
  const needed = new Map<Value, Float32Array>();
  for (const node of graph.nodes) {
    const product = productOf(node);
    const bias = product?.bias && read(product.bias)?.constant;
    const data = product && fakeQuantizeOf(product.data);
    const weight = product && fakeQuantizeOf(product.weight);
    if (!bias || !data?.inputs[1]?.constant || !weight?.inputs[1]?.constant) continue;
    const scale = weight.inputs[1];
    const sizes = needed.get(scale) ?? scale.constant!.floats().slice();
    needed.set(scale, widened(sizes, data.inputs[1].constant.floats()[0]!, bias.floats()));
  }
  const editor = new GraphEditor(graph);
  let changed = 0;
  for (const [scale, sizes] of needed) {
    const old = scale.constant!.floats();
    const count = sizes.reduce((sum, size, i) => sum + (size === old[i] ? 0 : 1), 0);
    changed += count;
    if (count > 0) editor.setInitializer(scale, Tensor.fromTyped("float", scale.constant!.dims, sizes));
  }
  return changed;
}

function widened(scales: Float32Array, dataScale: number, bias: Float32Array): Float32Array {
  const least = bias.map((value) => Math.fround(Math.abs(value) / dataScale) / largestBias);
  if (scales.length === 1) return scales.map((scale) => Math.max(scale, ...least));
  return scales.length === least.length ? scales.map((scale, i) => Math.max(scale, least[i]!)) : scales;
}

function fakeQuantizeOf(use: Use): Node | null {
  const producer = read(use)?.producer ?? null;
  return producer?.is("FakeQuantize", lowbitDomain) ? producer : null;
}

function read(use: Use): Value | null {
  return use.node.inputs[use.index] ?? null;
}
