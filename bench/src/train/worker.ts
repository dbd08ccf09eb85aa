/**
 * One training on ONNX Runtime, driven line by line: prints `ready`, then for every line `K` it reads it runs K steps and
 * prints their seconds and losses, and at the end of input its peak memory.
 *
 * Arguments: model, mode (`float`, `qat`, `frozen`: observers and BatchNormalization stand still, `integer`: and the forward runs
 * on integers), factor of the model's batch.
 */
import { createInterface } from "node:readline";
import { cloneModel, type Graph, type Model } from "@lowbit/ir";
import { x86 } from "@lowbit/backend-x86";
import { calibrate, composeConvBatchNormalization, freezeObservers, prepare } from "@lowbit/quantize";
import { runPasses, trainingPipeline } from "@lowbit/rewrite";
import { crossEntropy, reestimateBatchNormalization, sgd, StepRunner, type Batch, type Dataset } from "@lowbit/train";
import { benchModels } from "./models.ts";
import { madeUpBatches } from "./setting.ts";

/** Steps in one call of ONNX Runtime: about half a second of them. */
const stepsPerCall: Readonly<Record<string, number>> = { mlp: 500, cnn: 50, resnet18: 4, mobilenet_v2: 2 };

const backend = x86({ prefer: "integer" });
const [name = "", mode = "float", factor = "1"] = process.argv.slice(2);
const model = benchModels[name];
if (!model) throw new Error(`unknown model "${name}"`);
const batch = model.batch * Number(factor);
const batches = madeUpBatches(model, batch);
const canonical = cloneModel(model.build());
const graph = mode === "float" ? floatGraph(canonical) : await quantizedGraph(canonical, batches);
const isFrozen = mode === "frozen" || mode === "integer";
if (isFrozen) freezeObservers(graph);
const runner = await StepRunner.create(graph, {
  loss: crossEntropy(),
  optimizer: sgd({ momentum: 0.9 }),
  batch,
  batchNormalization: isFrozen ? "frozen" : "train",
  ...(mode === "integer" ? { integerForward: { lower: backend.lower } } : {}),
});
const state = runner.initialState();
const perCall = Math.min(runner.mostSteps, Math.max(1, Math.floor(stepsPerCall[name]! / Number(factor))));
let done = 0;

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await run(Number(line))));
console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024 }));

async function run(steps: number): Promise<{ readonly seconds: number; readonly losses: readonly number[] }> {
  const losses: number[] = [];
  const started = performance.now();
  while (losses.length < steps) {
    const count = Math.min(perCall, steps - losses.length);
    const some = Array.from({ length: count }, (_, index) => batches[(done + index) % batches.length]!);
    const rates = some.map(() => model!.learningRate);
    losses.push(...(await runner.run(state, some, done + 1, rates)));
    done += count;
  }
  return { seconds: (performance.now() - started) / 1000, losses };
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
async function quantizedGraph(untrained: Model, data: readonly Batch[]): Promise<Graph> {
  runPasses(untrained, trainingPipeline);
  const from = mode === "qat" ? { ...untrained, graph: await withStatistics(untrained.graph, data) } : untrained;
  runPasses(from, [composeConvBatchNormalization]);
  const plan = backend.quantizer.annotate(from.graph, {});
  const { ranges } = await calibrate(
    from,
    plan,
    data.map(({ inputs }) => inputs),
  );
  return prepare(from.graph, plan, { mode: "qat", ranges });
}

async function withStatistics(graph: Graph, data: readonly Batch[]): Promise<Graph> {
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
