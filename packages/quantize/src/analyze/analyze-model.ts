import { graphDigest, type Model, type Node, type Tensor, type Value } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { settledGraph } from "../convert/settled-graph.ts";
import { productOf } from "../convert/product.ts";
import type { QuantPlan } from "../plan/plan.ts";
import type { Analysis, AnalysisMeasure, LayerAnalysis, ValueAnalysis } from "./analysis.ts";
import { AnalysisState, feedsDigest } from "./analysis-state.ts";
import { CodeCounter, gridOf, type CodeGrid, type CodeStatistics } from "./code-statistics.ts";
import { AnalysisRun } from "./analysis-run.ts";
import { noAnalysisData, nothingToAnalyze } from "./diagnostics.ts";
import { macsOf } from "./layer-cost.ts";
import { isFakeQuantize, quantizedParts, type QuantizedLayer } from "./layers.ts";
import { SegmentedModel } from "./segmented-model.ts";
import { segmentsOf } from "./segments.ts";
import { switchableGraph } from "./switchable-graph.ts";

/** Samples with which a model is analyzed, as many as it runs at once. */
export interface AnalysisBatch {
  readonly inputs: Feeds;
  /** What the model should have answered. */
  readonly target?: Tensor;
  /** How many leading samples count for the metric; the rest fills up a fixed batch. */
  readonly size: number;
}

/** What is analyzed, and how. */
export interface AnalyzeOptions {
  /** The plan of the quantized model. */
  readonly plan: QuantPlan;
  readonly data: AsyncIterable<AnalysisBatch> | Iterable<AnalysisBatch>;
  /** Makes what measures one batch against its targets; absent: only the error of the results counts. */
  readonly measure?: () => AnalysisMeasure;
  /** Whether each layer is quantized alone and left float in turn, which is most of the work. Default: true. */
  readonly ablation?: boolean;
  /** Where the outcomes of finished batches are kept, and taken from when the same analysis was interrupted. */
  readonly state?: string;
  readonly threads?: number;
  /** For messages. */
  readonly backend?: string;
  readonly signal?: AbortSignal;
  /** Called after each run of the model with how many runs the current batch needs and has had. */
  readonly progress?: (step: AnalysisStep) => void;
}

/** How far an analysis is. */
export interface AnalysisStep {
  /** The first is 0. */
  readonly batch: number;
  readonly done: number;
  readonly total: number;
}

/** Most segments: an ablation then runs about half of the model, and few values are kept. */
const maxSegments = 6;

/**
 * Finds where the error of a quantized model comes from: what rounding does to each value, the error of each layer alone
 * and in the whole, and what the model does with each layer quantized alone and left float.
 *
 * One instrumented graph computes each layer in float or rounded as an input says. It runs in segments, so that an
 * ablation starts from kept values of the float or of the quantized run. Memory does not grow with the samples.
 *
 * @param prepared a model prepared in `static` mode with this plan
 * @throws CompileError `analyze/nothing-quantized`, `analyze/no-data`, `analyze/not-finite`, `analyze/state`,
 *   `analyze/stopped`, and what the runtime throws
 */
export async function analyzeModel(prepared: Model, options: AnalyzeOptions): Promise<Analysis> {
  const graph = settledGraph(prepared.graph);
  const parts = quantizedParts(graph, options.plan);
  if (parts.layers.length === 0) throw nothingToAnalyze(options.backend ?? "this backend");
  const macs = parts.layers.map(({ nodes }) => macsOf(nodes[0]!));
  const facts = parts.layers.map(factsOf);
  const weights = parts.layers.map(weightStatistics);
  const counters = parts.values.map(({ node }) => new CodeCounter(gridOf(node), channelAxis(node.input)));
  const digest = options.state === undefined ? "" : graphDigest(graph);
  const switchable = switchableGraph(graph, parts, (layer) => floatBiasOf(layer, options.plan));
  const watched = [...new Set([...switchable.layerOutputs, ...switchable.values])];
  const most = Math.max(1, ...macs);
  const segments = segmentsOf(graph, watched, Math.min(maxSegments, parts.layers.length), (node) =>
    node.op === "If" ? 1 + (100 * productsOf(node)) / most : 0.1,
  );
  const state = options.state === undefined ? null : AnalysisState.open(options.state, digest);
  const switches = parts.layers.length + parts.values.length;
  const model = await SegmentedModel.create(prepared, segments, switches, options.threads);
  const run = new AnalysisRun(model, parts, switchable, watched, counters, options);
  try {
    let index = 0;
    for await (const batch of options.data) {
      const key = state ? feedsDigest(batch.inputs, batch.target) : "";
      const known = state?.outcomes(index, key) ?? null;
      const outcomes = await run.batch(index, batch, known);
      if (state && !known) state.append(key, outcomes);
      index++;
    }
    if (index === 0) throw noAnalysisData();
  } finally {
    await model.release();
  }
  const layers = facts.map((fact, index): LayerAnalysis => {
    const ablation = options.ablation ?? true;
    return {
      ...fact,
      macs: macs[index]!,
      isolated: run.isolated[index]!.result(),
      cumulative: run.cumulative[index]!.result(),
      quantizedAlone: ablation ? run.quantizedAlone[index]!.result() : null,
      leftFloat: ablation ? run.leftFloat[index]!.result() : null,
      weight: weights[index]!,
    };
  });
  const values = parts.values.map((value, index): ValueAnalysis => ({
    name: value.name,
    layers: value.layers.map((layer) => facts[layer]!.name),
    ...counters[index]!.result(),
  }));
  const { samples } = run;
  return {
    samples,
    float: run.float.result(),
    quantized: run.quantized.result(),
    output: run.output.result(),
    layers,
    values,
  };
}

type LayerFacts = Pick<LayerAnalysis, "name" | "op" | "origins" | "nodes" | "output">;

function factsOf({ name, op, origins, nodes, output }: QuantizedLayer): LayerFacts {
  const float = output.producer && isFakeQuantize(output.producer) ? output.producer.input : output;
  return { name, op, origins, nodes: nodes.map(({ label }) => label), output: float.name };
}

function weightStatistics({ nodes }: QuantizedLayer): CodeStatistics | null {
  for (const value of nodes[0]!.inputs) {
    const rounding = value?.producer;
    if (!rounding || !isFakeQuantize(rounding) || !rounding.input.constant) continue;
    const grid = gridOf(rounding);
    const counter = new CodeCounter(grid, weightChannels(nodes[0]!, grid));
    counter.add(rounding.input.constant);
    return counter.result();
  }
  return null;
}

/** The axis whose ranges are told: that of the scales, and the filters of a convolution where there is one scale or one per block. */
function weightChannels(node: Node, { axis, blockSize }: CodeGrid): number | null {
  if (axis !== null && blockSize === null) return axis;
  return productOf(node)?.weight.index === 1 ? 0 : null;
}

/** The bias of a layer in the float model; null where the layer has none, or is not found. */
function floatBiasOf({ name, nodes }: QuantizedLayer, plan: QuantPlan): Tensor | null {
  const slot = productOf(nodes[0]!)?.bias;
  const rounded = slot && nodes[0]!.inputs[slot.index]?.constant;
  const twin = plan.graph.node(name);
  const bias = slot && twin?.op === nodes[0]!.op ? twin.inputs[slot.index]?.constant : null;
  return bias && rounded && bias.size === rounded.size ? bias : null;
}

function channelAxis(value: Value): number | null {
  return (value.shape?.length ?? 0) > 1 ? 1 : null;
}

/** The products inside an If of two kernels. */
function productsOf(choice: Node): number {
  const kernel = choice.subgraph("then_branch")?.nodes.first;
  return kernel ? macsOf(kernel) : 0;
}
