import { cloneModel, type Graph, type Model } from "@lowbit/ir";
import { x86 } from "@lowbit/backend-x86";
import { calibrate, composeConvBatchNormalization, freezeObservers, prepare } from "@lowbit/quantize";
import { runPasses, trainingPipeline } from "@lowbit/rewrite";
import type { SessionOptions } from "@lowbit/runtime";
import { crossEntropy, reestimateBatchNormalization, sgd, StepRunner, type Batch, type Dataset } from "@lowbit/train";
import { benchModels } from "./models.ts";
import { madeUpBatches } from "./setting.ts";

const backend = x86({ prefer: "integer" });

/** Steps in one call of ONNX Runtime: about half a second of them. */
const stepsPerCall: Readonly<Record<string, number>> = { mlp: 500, cnn: 50, resnet18: 4, mobilenet_v2: 2 };

/** A training that is ready to run, and what it is fed. */
export interface PreparedTraining {
  readonly runner: StepRunner;
  /** Most steps in one call. */
  readonly perCall: number;
  readonly batches: readonly Batch[];
  readonly learningRate: number;
}

/**
 * Loads the training step of a model of the bench.
 *
 * @param mode `float`, `qat`, `frozen` (observers and BatchNormalization stand still) or `integer` (and the forward runs on integers)
 * @param factor of the model's batch
 */
export async function preparedTraining(
  name: string,
  mode: string,
  factor: number,
  runtime: SessionOptions = {},
): Promise<PreparedTraining> {
  const model = benchModels[name];
  if (!model) throw new Error(`unknown model "${name}"`);
  const batch = model.batch * factor;
  const batches = madeUpBatches(model, batch);
  const canonical = cloneModel(model.build());
  const graph = mode === "float" ? floatGraph(canonical) : await quantizedGraph(canonical, batches, batch, mode);
  const isFrozen = mode === "frozen" || mode === "integer";
  if (isFrozen) freezeObservers(graph);
  const options = {
    loss: crossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    batch,
    batchNormalization: isFrozen ? "frozen" : "train",
    ...(mode === "integer" ? { integerForward: { lower: backend.lower } } : {}),
  } as const;
  const runner = await StepRunner.create(graph, options, runtime);
  const perCall = Math.min(runner.mostSteps, Math.max(1, Math.floor(stepsPerCall[name]! / factor)));
  return { runner, perCall, batches, learningRate: model.learningRate };
}

function floatGraph(from: Model): Graph {
  runPasses(from, trainingPipeline);
  return from.graph;
}

/**
 * Everything that has an integer kernel is fake-quantized, as the peer does. Statistics of BatchNormalization are brought to those
 * of the data before ranges are calibrated, as training in float would have done: with a variance of 1 everywhere the
 * ranges would be orders of magnitude too small for the batch's own statistics, and the first step would explode. Frozen
 * statistics stay as they are, the same on both sides.
 */
async function quantizedGraph(untrained: Model, data: readonly Batch[], batch: number, mode: string): Promise<Graph> {
  runPasses(untrained, trainingPipeline);
  const from = mode === "qat" ? { ...untrained, graph: await withStatistics(untrained.graph, data, batch) } : untrained;
  runPasses(from, [composeConvBatchNormalization]);
  const plan = backend.quantizer.annotate(from.graph, {});
  const { ranges } = await calibrate(
    from,
    plan,
    data.map(({ inputs }) => inputs),
  );
  return prepare(from.graph, plan, { mode: "qat", ranges });
}

async function withStatistics(graph: Graph, data: readonly Batch[], batch: number): Promise<Graph> {
  if (![...graph.nodes].some((node) => node.is("BatchNormalization"))) return graph;
  const dataset: Dataset = {
    size: batch * data.length,
    hasTargets: true,
    async *batches() {
      yield* data;
    },
  };
  return reestimateBatchNormalization(graph, { data: dataset, batch });
}
