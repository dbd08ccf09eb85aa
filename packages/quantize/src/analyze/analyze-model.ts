import { graphDigest, type Model, type Node, type Tensor, type Value } from "@lowbit/ir";
import { settledGraph } from "../convert/settled-graph.ts";
import { productOf } from "../convert/product.ts";
import type { QuantPlan } from "../plan/plan.ts";
import type { Analysis, LayerAnalysis, ValueAnalysis } from "./analysis.ts";
import type { BatchOutcomes } from "./ablation-sums.ts";
import { AnalysisState, feedsDigest } from "./analysis-state.ts";
import { AnalysisFindings, type Analyzed } from "./analysis-findings.ts";
import { CodeCounter, gridOf, type CodeGrid, type CodeStatistics } from "./code-statistics.ts";
import type { AnalysisBatch, AnalyzeOptions } from "./analyze-options.ts";
import { AnalysisRun, type AblatedLayer, type BatchResult } from "./analysis-run.ts";
import { analysisStopped, noAnalysisData, nothingToAnalyze } from "./diagnostics.ts";
import { inLanes, lanesFor } from "./lanes.ts";
import { macsOf } from "./layer-cost.ts";
import { isFakeQuantize, quantizedParts, type QuantizedLayer } from "./layers.ts";
import { SegmentedModel } from "./segmented-model.ts";
import { segmentsOf } from "./segments.ts";
import { switchableGraph } from "./switchable-graph.ts";

/** What is measured, in words. */
function asksOf({ metric, measure, ablation = true }: AnalyzeOptions): string {
  const what = measure ? (metric ?? "a metric") : "errors";
  return ablation ? `${what} with ablation` : `${what} without ablation`;
}

/** Most segments: an ablation then runs about half of the model, and few values are kept. */
const maxSegments = 12;

/**
 * Finds where the error of a quantized model comes from: what rounding does to each value, the error of each layer alone
 * and in the whole, and what the model does with each layer quantized alone and left float.
 *
 * One instrumented graph computes each layer in float or rounded as an input says. It runs in segments, so that an
 * ablation starts from kept values of the float or of the quantized run. Several batches are looked at at a time, each on
 * a thread of its own, and taken in in their order. Memory does not grow with the samples.
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
  const analyzed: Analyzed = {
    layers: parts.layers.length,
    values: parts.values.map(({ node }) => ({ grid: gridOf(node), axis: channelAxis(node.input) })),
  };
  const digest = options.state === undefined ? "" : graphDigest(graph);
  const switchable = switchableGraph(graph, parts, (layer) => floatBiasOf(layer, options.plan));
  const watched = [...new Set([...switchable.layerOutputs, ...switchable.values])];
  const ablated = switchable.layerOutputs.map((output, layer): AblatedLayer => ({
    output,
    rounded: switchable.values.filter((_, index) => parts.values[index]!.layers.includes(layer)),
  }));
  const count = Math.min(maxSegments, parts.layers.length);
  const segments = segmentsOf(
    graph,
    watched,
    count,
    segmentCost,
    ablated.map(({ output, rounded }) => [output, ...rounded]),
  );
  const state = options.state === undefined ? null : AnalysisState.open(options.state, digest, asksOf(options));
  const switches = parts.layers.length + parts.values.length;
  const found = new AnalysisFindings(analyzed);
  const { lanes, threads } = lanesFor(options.threads);
  const models: SegmentedModel[] = [];
  const progress = new AnalysisProgress(options.progress);
  let isLeft = false;
  const isStopped = (): boolean => isLeft || options.signal?.aborted === true;
  let finished = 0;
  try {
    for (let lane = 0; lane < lanes; lane++) {
      models.push(await SegmentedModel.create(prepared, segments, switches, { lane, lanes, threads }));
    }
    const runs = models.map(
      (model) => new AnalysisRun(model, parts, analyzed, ablated, switchable.values, watched, options),
    );
    const look = async (batch: AnalysisBatch, index: number, lane: number): Promise<LookedAt> => {
      const key = state ? feedsDigest(batch.inputs, batch.target) : "";
      const known = state?.outcomes(index, key) ?? null;
      const step = (done: number, total: number): void => progress.step(index, done, total);
      return { key, known, result: await runs[lane]!.batch(index, batch, known, { step, isStopped }) };
    };
    for await (const { key, known, result } of inLanes(options.data, lanes, look, () => (isLeft = true))) {
      if (!result) throw analysisStopped(finished, options.state ?? null);
      found.merge(result.findings);
      if (!known) state?.append(key, result.outcomes);
      finished++;
    }
    if (finished === 0) throw noAnalysisData();
  } finally {
    for (const model of models) await model.release();
  }
  const layers = facts.map((fact, index): LayerAnalysis => {
    const ablation = options.ablation ?? true;
    return {
      ...fact,
      macs: macs[index]!,
      isolated: found.isolated[index]!.result(),
      cumulative: found.cumulative[index]!.result(),
      quantizedAlone: ablation ? found.quantizedAlone[index]!.result() : null,
      leftFloat: ablation ? found.leftFloat[index]!.result() : null,
      weight: weights[index]!,
    };
  });
  const values = parts.values.map((value, index): ValueAnalysis => ({
    name: value.name,
    layers: value.layers.map((layer) => facts[layer]!.name),
    ...found.codes[index]!.result(),
  }));
  return {
    samples: found.samples,
    float: found.float.result(),
    quantized: found.quantized.result(),
    output: found.output.result(),
    layers,
    values,
  };
}

/** A batch that was looked at. */
interface LookedAt {
  readonly key: string;
  /** What a run before kept of it. */
  readonly known: BatchOutcomes | null;
  /** Null when it was stopped. */
  readonly result: BatchResult | null;
}

/** Tells the runs of several batches at a time as if one came after the other. */
class AnalysisProgress {
  readonly #tell: AnalyzeOptions["progress"];
  readonly #shares = new Map<number, number>();

  constructor(tell: AnalyzeOptions["progress"]) {
    this.#tell = tell;
  }

  step(batch: number, done: number, total: number): void {
    this.#shares.set(batch, done / total);
    const sum = [...this.#shares.values()].reduce((a, b) => a + b, 0);
    // Thirds that were added up are not quite a whole.
    const whole = Math.floor(sum + 1e-9);
    this.#tell?.({ batch: whole, done: Math.round(Math.max(0, sum - whole) * total), total });
  }
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

/** Multiply-accumulates that take about as long as to read and write one element. */
const macsPerElement = 20;

/** What a node of a switchable graph costs about, in multiply-accumulates for one sample. */
function segmentCost(node: Node): number {
  const kernel = node.op === "If" ? node.subgraph("then_branch")?.nodes.first : node;
  const elements = node.outputs[0]?.shape
    ?.slice(1)
    .reduce<number>((n, dim) => n * (typeof dim === "number" ? dim : 1), 1);
  return (kernel ? macsOf(kernel) : 0) + macsPerElement * (elements ?? 1);
}
