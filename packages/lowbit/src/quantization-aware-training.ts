import { cloneModel, type Diagnostic, type Graph, type Model } from "@lowbit/ir";
import {
  calibrate,
  composeConvBatchNormalization,
  convert,
  deployModel,
  freezeObservers,
  learnScales,
  lintPlan,
  lintTraining,
  prepare,
  type Calibration,
  type QuantizationBackend,
  type QuantPlan,
  type Skipped,
} from "@lowbit/quantize";
import { runPasses, trainingPipeline } from "@lowbit/rewrite";
import { checkTraining, weightSparsity, type Sparsity } from "@lowbit/train";
import { calibrationFeeds } from "./calibration-feeds.ts";
import { sampleShapes } from "./sample-feeds.ts";
import { withUnfilledScales } from "./with-unfilled-scales.ts";
import { weightCodes } from "./weight-codes.ts";
import { fitToEnd, phasesOf, withPruning, type TrainingOptions } from "./training.ts";

/** How a model is trained for integers. */
export interface QuantizationAwareOptions extends TrainingOptions {
  readonly backend: QuantizationBackend;
  /** Patterns of nodes that stay float, by name; `*` stands for any text. */
  readonly keepFloat?: readonly string[];
  /** Changes the backend's plan before the graph is prepared. */
  readonly editPlan?: (plan: QuantPlan) => QuantPlan;
  /** Samples that set the first ranges of activations. Default: 512. */
  readonly calibrationSamples?: number;
  /** Ranges of activations stop moving after this many epochs. Default: never. */
  readonly freezeObservers?: number;
  /**
   * After this many epochs the forward runs as the very integer operators of the deployed model, gradients straight through
   * them; ranges, scales and normalizations are frozen from then on at the latest. Default: never.
   */
  readonly integerForward?: number;
  /** Train the scales instead of following ranges (LSQ). */
  readonly learnScales?: boolean;
  /** With `learnScales`, train the zero points of activations that have values on both sides of 0 too (LSQ+). */
  readonly learnZeroPoints?: boolean;
}

/** A model trained for integers and how it came about. */
export interface TrainedQuantized {
  /** The integer model, lowered for the backend. */
  readonly model: Model;
  /** The trained model with FakeQuantize: computes in float what `model` computes in integers. */
  readonly prepared: Model;
  readonly plan: QuantPlan;
  /** Nodes that stay float, with the reasons. */
  readonly skipped: readonly Skipped[];
  readonly calibration: Calibration;
  readonly diagnostics: readonly Diagnostic[];
  /** How many weights are zero as integers, before a backend fills any up; null when nothing was pruned. */
  readonly sparsity: Sparsity | null;
}

/**
 * Trains a float model with the rounding of its integer form in place, then converts and lowers it for a backend.
 *
 * The model is brought into canonical form with its normalizations kept, planned by the backend, calibrated on samples of
 * the training data, fake-quantized, trained, and converted with the ranges it ended with.
 *
 * @throws CompileError `train/stopped` when the signal ended it, and what the steps throw
 */
export async function trainQuantized(model: Model, options: QuantizationAwareOptions): Promise<TrainedQuantized> {
  const { backend, keepFloat = [], editPlan, calibrationSamples, freezeObservers: freezeAfter, ...rest } = options;
  const { learnScales: learnsScales = false, learnZeroPoints: zeroPoints = false, integerForward, ...others } = rest;
  const { report = () => undefined, ...settings } = others;
  const source = cloneModel(model);
  const rewritten = runPasses(source, [...trainingPipeline, composeConvBatchNormalization]);
  const { graph: start, options: training, diagnostics: dense } = withPruning(source.graph, settings);
  const canonical: Model = { ...source, graph: start };
  // Patterns may be of scales, which have names once it is planned what is quantized.
  const choosesAmongScales = learnsScales && (training.parameters ?? training.frozen) !== undefined;
  if (!choosesAmongScales) checkTraining(canonical.graph, training);
  const inputShapes = await sampleShapes(canonical.graph, options.data);
  const annotated = backend.quantizer.annotate(canonical.graph, { keepFloat, weightsChange: true, inputShapes });
  const plan = editPlan ? editPlan(annotated) : annotated;
  if (choosesAmongScales) checkTraining(withUnfilledScales(canonical.graph, plan, { zeroPoints }), training);
  const samples = calibrationSamples === undefined ? {} : { samples: calibrationSamples };
  const feeds = calibrationFeeds(options.data, canonical.graph.inputs, samples);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const calibration = await calibrate(canonical, plan, feeds, { ...threads, onTrainingThread: true });
  const graph = prepare(canonical.graph, plan, { mode: "qat", ranges: calibration.ranges });
  const lints = [...lintPlan(plan), ...lintTraining(graph, { learningRate: options.learningRate ?? 1e-3 })];
  if (learnsScales) learnScales(graph, { zeroPoints });
  const before = [...rewritten.diagnostics, ...dense, ...lints, ...calibration.diagnostics];
  before.forEach(report);
  const observersStop = Math.min(freezeAfter ?? Infinity, integerForward ?? Infinity);
  const phases = phasesOf({
    ...training,
    ...(learnsScales ? {} : { freezeObservers: { after: observersStop, change: freezeObservers } }),
    ...(integerForward === undefined
      ? {}
      : { integerForward: { after: integerForward, form: { lower: backend.lower } } }),
  });
  const withGraph = (trained: Graph): Model => ({ ...canonical, graph: trained });
  const deploy = (trained: Graph): Model => deployModel(withGraph(trained), backend).model;
  const prepared = withGraph(await fitToEnd(graph, { codes: weightCodes, ...training }, phases, deploy));
  const deployed = deployModel(prepared, backend);
  deployed.diagnostics.forEach(report);
  const diagnostics = [...before, ...deployed.diagnostics];
  // Lowering may fill weights up with zeros, and have the graph compute them.
  const sparsity = training.prune ? weightSparsity(convert(prepared.graph)) : null;
  return { model: deployed.model, prepared, plan, skipped: plan.skipped, calibration, diagnostics, sparsity };
}
