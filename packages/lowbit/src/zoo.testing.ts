import { readdirSync } from "node:fs";
import { join } from "node:path";
import { x86 } from "@lowbit/backend-x86";
import { CompileError, cloneModel, inferShapes, loadModel, Tensor, type Model } from "@lowbit/ir";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import { materialsFolder } from "@lowbit/test-models";
import { adam, arrays, meanSquaredError, randomStream, type Dataset, type FitEvent } from "@lowbit/train";
import { trainQuantized } from "./quantization-aware-training.ts";
import { trainModel, type TrainingOptions } from "./training.ts";

/** How the training of a zoo model went: the loss of each epoch, or the diagnostic that refused it. */
export type ZooOutcome = { readonly losses: readonly number[] } | { readonly refused: string };

/** The folder of the zoo's models; null where the materials are absent. */
export function zooFolder(): string | null {
  const folder = materialsFolder();
  return folder && join(folder, "models", "minizoo");
}

/** Names of all models of the zoo. */
export function zooNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => name.replace(/\.onnx$/, ""))
    .toSorted();
}

/** Trains a model of the zoo for some steps on a few fixed samples, float or for integers; targets are not what the model says at first. */
export async function trainZooModel(
  folder: string,
  name: string,
  mode: "float" | "integers",
  steps: number,
): Promise<ZooOutcome> {
  const model = loadModel(join(folder, `${name}.onnx`));
  const losses: number[] = [];
  try {
    const { data, batch } = await fixedSamples(model);
    const settings: TrainingOptions = {
      data,
      batch,
      loss: meanSquaredError(),
      optimizer: adam(),
      learningRate: 1e-3,
      epochs: Math.ceil(steps / Math.ceil(data.size! / batch)),
      onEvent: (event: FitEvent) => {
        if (event.kind === "epoch") losses.push(event.loss);
      },
    };
    if (mode === "float") await trainModel(model, settings);
    else await trainQuantized(model, { ...settings, backend: x86() });
  } catch (error) {
    if (error instanceof CompileError) return { refused: error.diagnostic.message };
    throw error;
  }
  return { losses };
}

/** Random samples, and targets above the model's own answers; five samples in batches of two, where batches are free. */
async function fixedSamples(model: Model): Promise<{ readonly data: Dataset; readonly batch: number }> {
  const inference = cloneModel(model);
  runPasses(inference, defaultPipeline);
  inferShapes(inference);
  const input = inference.graph.inputs[0]!;
  const fixed = input.shape![0];
  const [count, batch] = typeof fixed === "number" ? [fixed, fixed] : [5, 2];
  const random = randomStream(6);
  const dims = [count, ...input.shape!.slice(1).map((dim) => (typeof dim === "number" ? dim : 32))];
  const size = dims.reduce((a, b) => a * b, 1);
  const x = Tensor.of(
    "float",
    Float32Array.from({ length: size }, () => 2 * random() - 1),
    dims,
  );
  const session = await Session.create(inference);
  const output = (await session.run({ [input.name]: x }))[inference.graph.outputs[0]!.name]!;
  await session.release();
  const spread = Math.max(0.5, ...output.floats().map(Math.abs));
  const y = Tensor.of(
    "float",
    output.floats().map((value) => value + spread * random()),
    output.dims,
  );
  return { data: arrays({ [input.name]: x }, y), batch };
}
