import { Tensor, type Graph, type GraphEditor, type Node } from "@lowbit/ir";
import { ChannelLayer } from "./channel-layer.ts";

/** A LayerNormalization and the products that read it, which are all its readers. */
export interface NormalizationSite {
  readonly norm: Node;
  readonly layers: readonly ChannelLayer[];
}

/** The places where channels can be rescaled between a normalization and products; `report` gets the others. */
export function normalizationSites(
  graph: Graph,
  report: (norm: Node, reason: string) => void,
): readonly NormalizationSite[] {
  return [...graph.nodes].flatMap((norm) => {
    if (!norm.is("LayerNormalization")) return [];
    const readers = [...norm.output.uses].map(({ node }) => node);
    if (!readers.some(isProduct)) return [];
    const layers = readers.map((node) => (node.input === norm.output ? ChannelLayer.of(node) : null));
    const reason = reasonAgainst(norm, layers);
    if (reason === null) return [{ norm, layers: layers.filter((layer) => layer !== null) }];
    report(norm, reason);
    return [];
  });
}

function isProduct(node: Node): boolean {
  return (node.is("MatMul") || node.is("Gemm")) && node.inputs[1]?.initializer !== null;
}

function reasonAgainst(norm: Node, layers: readonly (ChannelLayer | null)[]): string | null {
  const vectors = norm.inputs.slice(1).map((value) => value?.constant ?? null);
  if (vectors.some((vector) => vector?.dims.length !== 1 || vector.dtype !== "float")) {
    return "its scale and bias are not constant vectors over the last axis";
  }
  const channels = vectors[0]!.size;
  const fits = (layer: ChannelLayer | null): boolean => layer !== null && layer.inputs === channels;
  if (norm.output.isGraphOutput || !layers.every(fits)) return "something else than products with own weights reads it";
  return null;
}

/** Divides the channels of a normalization's result. A vector that other nodes read too stays, and it gets its own. */
export function divideNormalization(editor: GraphEditor, { norm }: NormalizationSite, factors: Float64Array): void {
  for (const use of norm.operands.slice(1)) {
    const value = norm.inputs[use.index]!;
    const divided = value.constant!.numbers().map((each, j) => each / factors[j]!);
    const tensor = Tensor.of("float", divided, value.constant!.dims);
    if (value.uses.size === 1 && !value.isGraphOutput) editor.setInitializer(value, tensor);
    else editor.replaceUse(use, editor.initializer(tensor, value.name));
  }
}
