import { GraphEditor, Tensor, type Diagnostic, type Model, type Node } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { noCalibrationData } from "../diagnostics.ts";
import { channelReaches } from "./channel-reaches.ts";
import { ChannelLayer } from "./channel-layer.ts";
import { notSmoothed } from "./diagnostics.ts";

/** How activations are smoothed. */
export interface SmoothOptions {
  /** Representative inputs, run once. */
  readonly data: readonly Feeds[];
  /** Share of the difficulty that moves from activations to weights, 0 to 1. Default: 0.5. */
  readonly alpha?: number;
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What smoothing did. */
export interface SmoothedActivations {
  /** How many normalizations got other scales. */
  readonly smoothed: number;
  /** Those before a product that did not, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A normalization and the products that read it, which are all its readers. */
interface Site {
  readonly norm: Node;
  readonly layers: readonly ChannelLayer[];
}

/**
 * SmoothQuant: moves outlier channels of activations into the weights that read them. Behind each LayerNormalization that
 * only products read, channel j is divided by s = max|X_j|^alpha / max|W_j|^(1-alpha), in the normalization's own scale and
 * bias, and row j of the weights is multiplied by it (Xiao et al., "SmoothQuant", 2023, eq. 3 and 4). What the model
 * computes stays the same up to float rounding. In place, before a plan is made.
 *
 * @throws CompileError `quantize/no-calibration-data`
 */
export async function smoothActivations(model: Model, options: SmoothOptions): Promise<SmoothedActivations> {
  const { data, alpha = 0.5, threads } = options;
  if (data.length === 0) throw noCalibrationData();
  const diagnostics: Diagnostic[] = [];
  const sites = sitesOf(model, diagnostics);
  if (sites.length === 0) return { smoothed: 0, diagnostics };
  const reaches = await channelReaches(
    model,
    sites.map(({ norm }) => norm.output),
    data,
    threads,
  );
  const editor = new GraphEditor(model.graph);
  for (const [i, { norm, layers }] of sites.entries()) {
    const weights = layers.map((layer) => layer.inputReach());
    const factors = reaches[i]!.map((reach, j) => {
      const weight = Math.max(...weights.map((each) => each[j]!));
      return reach > 0 && weight > 0 ? reach ** alpha / weight ** (1 - alpha) : 1;
    });
    for (const layer of layers) {
      layer.scaleInputs(factors);
      layer.write(editor);
    }
    for (const use of norm.operands.slice(1)) divide(editor, norm, use.index, factors);
  }
  return { smoothed: sites.length, diagnostics };
}

function sitesOf({ graph }: Model, diagnostics: Diagnostic[]): readonly Site[] {
  return [...graph.nodes].flatMap((norm) => {
    if (!norm.is("LayerNormalization")) return [];
    const readers = [...norm.output.uses].map(({ node }) => node);
    if (!readers.some(isProduct)) return [];
    const layers = readers.map((node) => (node.input === norm.output ? ChannelLayer.of(node) : null));
    const reason = reasonAgainst(norm, layers);
    if (reason === null) return [{ norm, layers: layers.filter((layer) => layer !== null) }];
    diagnostics.push(notSmoothed(norm, reason));
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

/** Divides a vector of a normalization; one that other nodes read too stays, and the normalization gets its own. */
function divide(editor: GraphEditor, norm: Node, index: number, factors: Float64Array): void {
  const value = norm.inputs[index]!;
  const divided = value.constant!.numbers().map((each, j) => each / factors[j]!);
  const tensor = Tensor.of("float", divided, value.constant!.dims);
  if (value.uses.size === 1 && !value.isGraphOutput) editor.setInitializer(value, tensor);
  else editor.replaceUse(norm.operands[index]!, editor.initializer(tensor, value.name));
}
