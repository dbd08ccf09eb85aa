import { onlyReader, type Node, type Value } from "@lowbit/ir";

/** What stands between two layers whose channels may be rescaled against each other. */
export type ChannelChain =
  | { readonly kind: "free"; readonly reader: Node; /** Features per channel in the reader. */ readonly repeat: number }
  | { readonly kind: "clipped"; readonly clip: Node };

/** Ops f with f(s·x) = s·f(x) for every s > 0, element by element. */
const homogeneous = new Set(["Relu", "LeakyRelu", "PRelu", "Identity", "Dropout"]);

/** The same for each channel of [batch, channel, ...spatial]. */
const pools = new Set(["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"]);

/** Ops that may turn [batch, channel, ...spatial] into a matrix. */
const flattening = new Set(["Flatten", "Reshape", "Squeeze"]);

/**
 * Follows the result of a layer to the one layer that reads it, through ops that commute with positive factors per
 * channel. Null where the value branches, leaves the graph, or meets another op.
 */
export function chainBehind(layer: Node, channels: number): ChannelChain | null {
  let value = layer.output;
  let isSpatial = layer.is("Conv");
  let repeat = 1;
  for (let reader = onlyReader(value); reader && reader.input === value; reader = onlyReader(value)) {
    if (reader.is("Conv") || reader.is("Gemm") || reader.is("MatMul")) {
      return reader.is("Conv") === isSpatial ? { kind: "free", reader, repeat } : null;
    }
    if (reader.is("Clip") && !isRelu(reader)) return { kind: "clipped", clip: reader };
    if (reader.domain !== "") return null;
    if (flattening.has(reader.op)) {
      const features = isSpatial ? featuresPerChannel(value, reader.output, channels) : null;
      if (features === null) return null;
      [isSpatial, repeat] = [false, features];
    } else if (!homogeneous.has(reader.op) && !reader.is("Clip") && !(isSpatial && pools.has(reader.op))) return null;
    value = reader.output;
  }
  return null;
}

function isRelu(clip: Node): boolean {
  return clip.inputs[1]?.constant?.item() === 0 && !clip.inputs[2];
}

/** How many columns of a matrix each channel of a spatial tensor becomes; null if it does not become columns. */
function featuresPerChannel(from: Value, to: Value, channels: number): number | null {
  const spatial = from.shape?.slice(2).reduce<number>((n, dim) => (typeof dim === "number" ? n * dim : NaN), 1) ?? NaN;
  return to.shape?.length === 2 && to.shape[1] === channels * spatial ? spatial : null;
}
