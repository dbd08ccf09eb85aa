import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cloneModel, elementCount, isFloat, loadModel, seeded, Tensor, type Model } from "@lowbit/ir";
import { Session, type Feeds } from "@lowbit/runtime";
import { materialsFolder } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { graphsWithin } from "./graphs-within.ts";
import { runPasses } from "./pass/run-passes.ts";
import { convertOpset } from "./passes/convert-opset.ts";
import { inferenceMode } from "./passes/inference-mode.ts";
import { defaultPipeline, trainingPipeline } from "./pipelines.ts";

const folder = materialsFolder();
const names = folder === null ? ["a real model"] : modelNames(join(folder, "models"));

function modelNames(models: string): readonly string[] {
  const found = readdirSync(models, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".onnx"));
  return found.map((path) => path.replaceAll("\\", "/")).sort();
}

function nodeCount(model: Model): number {
  return graphsWithin(model.graph).reduce((sum, graph) => sum + graph.nodes.length, 0);
}

/** Sizes that models need although they declare them dynamic: the samples Silero VAD takes at once. */
const sizes: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "audio/silero_vad_v5.onnx": { input: [2, 576] },
};

/** Made-up inputs; symbolic dimensions are 2, integers a sampling rate, which is the only thing they mean here. */
function feeds(session: Session, model: Model, name: string): Feeds {
  const entries = session.inputs.map((port) => {
    const dims = port.shape.map((dim, axis) =>
      typeof dim === "number" && dim > 0 ? dim : (sizes[name]?.[port.name]?.[axis] ?? 2),
    );
    const value = model.graph.value(port.name);
    if (value?.initializer) return [port.name, value.initializer] as const;
    const random = seeded(port.name, port.dtype, dims);
    return [
      port.name,
      isFloat(port.dtype) ? random : Tensor.of(port.dtype, new Float64Array(elementCount(dims)!).fill(16000), dims),
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** Largest difference of all outputs, each as a share of its largest magnitude. */
async function difference(before: Model, after: Model, name: string): Promise<number> {
  const first = await Session.create(before, { optimization: "disabled" });
  const second = await Session.create(after, { optimization: "disabled" });
  try {
    const inputs = feeds(first, before, name);
    const expected = await first.run(inputs);
    const actual = await second.run(Object.fromEntries(second.inputs.map(({ name }) => [name, inputs[name]!])));
    let worst = 0;
    for (const [name, tensor] of Object.entries(expected)) {
      const other = actual[name]!.numbers();
      let [delta, magnitude] = [0, 1e-30];
      tensor.numbers().forEach((value, i) => {
        delta = Math.max(delta, Math.abs(value - other[i]!));
        magnitude = Math.max(magnitude, Math.abs(value));
      });
      worst = Math.max(worst, delta / magnitude);
    }
    return worst;
  } finally {
    await first.release();
    await second.release();
  }
}

test.skipIf(folder === null).each(names)(
  "%s keeps its outputs through the default pipeline",
  async (name) => {
    const before = loadModel(join(folder!, "models", name));
    const after = cloneModel(before);
    const nodes = nodeCount(after);
    const start = performance.now();
    const { diagnostics } = runPasses(after, defaultPipeline, { verifyEach: true });
    const milliseconds = performance.now() - start;
    // What a training export computes in inference is what its own nodes compute in inference mode.
    const isTraining = diagnostics.some((each) => each.code === "model/training-mode");
    if (isTraining) runPasses(before, [convertOpset, inferenceMode]);
    const worst = await difference(before, after, name);
    process.stdout.write(
      `${name}: ${nodes} -> ${nodeCount(after)} nodes, ${milliseconds.toFixed(0)} ms, difference ${worst.toExponential(1)}\n`,
    );
    expect(diagnostics.filter((each) => each.severity !== "note")).toEqual([]);
    expect(runPasses(after, defaultPipeline).changed).toBe(0);
    expect(worst).toBeLessThan(1e-5);
  },
  60_000,
);

test.skipIf(folder === null).each(names)("%s keeps what training needs through the training pipeline", (name) => {
  const model = loadModel(join(folder!, "models", name));
  const before = countOps(model);
  runPasses(model, trainingPipeline, { verifyEach: true });
  const after = countOps(model);
  expect(after.get("BatchNormalization")).toBe(before.get("BatchNormalization"));
  expect(after.get("Dropout")).toBe(before.get("Dropout"));
  expect(runPasses(model, trainingPipeline).changed).toBe(0);
});

function countOps({ graph }: Model): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return counts;
}
