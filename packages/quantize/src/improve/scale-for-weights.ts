import { GraphEditor, type Diagnostic, type Model, type Node } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { noCalibrationData, planOfOtherGraph } from "../diagnostics.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sharingGroups, type SharingGroups } from "../plan/sharing.ts";
import type { OwnSpec } from "../plan/spec.ts";
import { ChannelLayer } from "./channel-layer.ts";
import { channelPairs } from "./channel-pair.ts";
import { notScaled } from "./diagnostics.ts";
import type { InputMoments } from "./input-moments.ts";
import { withInputMoments } from "./layer-moments.ts";
import { summedOutputs } from "./summed-outputs.ts";
import { divideNormalization, normalizationSites } from "./normalization-site.ts";
import { rowErrors } from "./rounding-problem.ts";
import { WeightGrid } from "./weight-grid.ts";
import { WeightRows } from "./weight-rows.ts";

/** What the search for scales works from. */
export interface ScaleForWeightsOptions {
  /** Representative inputs, run once per place where channels can be rescaled. */
  readonly data: readonly Feeds[];
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
}

/** What the search did. */
export interface ScaledForWeights {
  /** The layers whose inputs were rescaled, and the power of the magnitudes that was found; 0 leaves them as they are. */
  readonly layers: readonly { readonly node: Node; readonly alpha: number }[];
  /** The quantized layers whose inputs cannot be rescaled, with the reasons. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Powers that are tried: 0, 0.05, ... 1. */
const powers = Array.from({ length: 21 }, (_, i) => i / 20);

/** Channels that are never used count as this much of the largest. */
const leastMagnitude = 1e-4;

/** Quantized layers that read the same channels, and what divides these. */
interface Site {
  readonly readers: readonly Node[];
  /** Input features of the readers per channel. */
  readonly repeat: number;
  divide(editor: GraphEditor, factors: Float64Array): void;
}

/**
 * AWQ: gives the weights that meet large activations more of the grid. Input channel j of a layer is divided by
 * s = mean|x_j|^alpha in what stands before it (a LayerNormalization, or a layer whose channels arrive unmixed) and its
 * weights are multiplied by s, with the alpha that changes the results least once the weights are rounded (Lin et al.,
 * "AWQ: Activation-aware Weight Quantization", 2023, eq. 4 and 5). The float function stays the same up to rounding. In
 * place, after the plan is made and before it is calibrated.
 *
 * @throws CompileError `quantize/plan-graph`, `quantize/no-calibration-data`
 */
export async function scaleForWeights(
  model: Model,
  plan: QuantPlan,
  { data, threads }: ScaleForWeightsOptions,
): Promise<ScaledForWeights> {
  if (plan.graph !== model.graph) throw planOfOtherGraph(plan.graph.name, model.graph.name);
  if (data.length === 0) throw noCalibrationData();
  const groups = sharingGroups(plan);
  const sites = sitesOf(model, groups);
  const layers: { node: Node; alpha: number }[] = [];
  const editor = new GraphEditor(model.graph);
  for (const site of sites) {
    const readers = await Promise.all(site.readers.map((node) => readerOf(model, node, groups, data, threads)));
    const { alpha, factors } = bestFactors(readers, site.repeat);
    for (const { rows } of readers) layers.push({ node: rows.node, alpha });
    if (alpha === 0) continue;
    site.divide(editor, factors);
    for (const { rows } of readers) {
      const scaled = rows.read().map((weight, i) => weight * factors[channelAt(rows, i, site.repeat)]!);
      editor.setInitializer(rows.value, rows.tensor(scaled));
    }
  }
  const done = new Set(layers.map(({ node }) => node));
  const left = [...model.graph.nodes].filter((node) => weightSpec(node, groups) && !done.has(node));
  const reason = "what stands before it is no LayerNormalization and no layer with channels of its own scales";
  return { layers, diagnostics: left.map((node) => notScaled(node, reason)) };
}

/** How a layer's weight is quantized; null for layers that stay float and other nodes. */
function weightSpec(node: Node, groups: SharingGroups): OwnSpec | null {
  if (!ChannelLayer.of(node)) return null;
  return (groups.of(node.operands[1]!) ?? groups.of(node.inputs[1]!))?.spec ?? null;
}

function sitesOf({ graph }: Model, groups: SharingGroups): readonly Site[] {
  const norms = normalizationSites(graph, () => {}).map((site) => ({
    readers: site.layers.map(({ node }) => node),
    repeat: 1,
    divide: (editor: GraphEditor, factors: Float64Array) => divideNormalization(editor, site, factors),
  }));
  const pairs = channelPairs(graph, () => {}).flatMap(({ first, second, repeat }) => {
    // With one scale for all its channels, the layer before would pay for what this one wins.
    if (weightSpec(first.node, groups)?.granularity.kind === "tensor") return [];
    const divide = (editor: GraphEditor, factors: Float64Array): void => {
      // Read again: as the reader of another layer it may have changed since.
      const layer = ChannelLayer.of(first.node)!;
      layer.scaleOutputs(factors.map((factor) => 1 / factor));
      layer.write(editor);
    };
    return [{ readers: [second.node], repeat, divide }];
  });
  return [...norms, ...pairs].filter(({ readers }) => readers.every((node) => weightSpec(node, groups)));
}

/** A layer, the grid that its weights will be rounded to, and what it reads. */
interface Reader {
  readonly rows: WeightRows;
  readonly spec: OwnSpec;
  readonly moments: InputMoments;
}

async function readerOf(
  model: Model,
  node: Node,
  groups: SharingGroups,
  data: readonly Feeds[],
  threads: number | undefined,
): Promise<Reader> {
  const rows = WeightRows.of(node) as WeightRows;
  const [products, magnitudes] = await summedOutputs(withInputMoments(model, node, rows), data, threads);
  return { rows, spec: weightSpec(node, groups)!, moments: { products: products!, magnitudes: magnitudes! } };
}

/** The channel of a site that an element of a weight meets. */
function channelAt({ rows, columns, columnsPerChannel }: WeightRows, index: number, repeat: number): number {
  const group = Math.floor(index / (rows * columns));
  const feature = group * (columns / columnsPerChannel) + Math.floor((index % columns) / columnsPerChannel);
  return Math.floor(feature / repeat);
}

function bestFactors(
  readers: readonly Reader[],
  repeat: number,
): { readonly alpha: number; readonly factors: Float64Array } {
  const magnitudes = magnitudesOf(readers[0]!, repeat);
  let best = { alpha: 0, factors: factorsFor(magnitudes, 0), error: Infinity };
  for (const alpha of powers) {
    const factors = factorsFor(magnitudes, alpha);
    const error = readers.reduce((sum, reader) => sum + errorOf(reader, factors, repeat), 0);
    if (error < best.error) best = { alpha, factors, error };
  }
  return best;
}

/** The mean magnitude of each channel, up to a common factor. */
function magnitudesOf({ rows, moments }: Reader, repeat: number): Float64Array {
  const perChannel = rows.columnsPerChannel * repeat;
  return Float64Array.from({ length: moments.magnitudes.length / perChannel }, (_, channel) =>
    moments.magnitudes.subarray(channel * perChannel, (channel + 1) * perChannel).reduce((a, b) => a + b, 0),
  );
}

/** s = m^alpha, with the largest and the smallest equally far from 1. */
function factorsFor(magnitudes: Float64Array, alpha: number): Float64Array {
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0) || 1;
  const factors = magnitudes.map((magnitude) => Math.max(magnitude / largest, leastMagnitude) ** alpha);
  const middle = Math.sqrt(factors.reduce((a, b) => Math.max(a, b)) * factors.reduce((a, b) => Math.min(a, b)));
  return factors.map((factor) => factor / middle);
}

/** Squared error of a layer's results when its weights are rounded after rescaling, in the scale of before. */
function errorOf({ rows, spec, moments }: Reader, factors: Float64Array, repeat: number): number {
  const weights = rows.read();
  const factorAt = (index: number): number => factors[channelAt(rows, index, repeat)]!;
  const scaled = weights.map((weight, i) => weight * factorAt(i));
  const grid = WeightGrid.of(spec, rows.tensor(scaled));
  const rounded = scaled.map((weight, i) => grid.nearest(weight, rows.place(i)) / factorAt(i));
  const { groups, columns } = rows;
  const errors = rowErrors({ weights, groups, rows: rows.rows, columns, products: moments.products }, rounded);
  return errors.reduce((a, b) => a + b, 0);
}
