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
import { defaultPipeline } from "./pipelines.ts";

const folder = materialsFolder();
const paths = folder === null ? [] : modelPaths(join(folder, "models"));

function modelPaths(models: string): readonly string[] {
  const found = readdirSync(models, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".onnx"));
  return found.sort().map((path) => join(models, path));
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

test.skipIf(folder === null).each(paths.map((path) => [path.slice(join(folder!, "models").length + 1), path] as const))(
  "%s keeps its outputs through the default pipeline",
  async (name, path) => {
    const before = loadModel(path);
    const after = cloneModel(before);
    // What a training export computes in inference is what its own nodes compute in inference mode.
    runPasses(before, [convertOpset, inferenceMode]);
    const nodes = nodeCount(after);
    const start = performance.now();
    runPasses(after, defaultPipeline, { verifyEach: true });
    const milliseconds = performance.now() - start;
    const worst = await difference(before, after, name);
    process.stdout.write(
      `${name}: ${nodes} -> ${nodeCount(after)} nodes, ${milliseconds.toFixed(0)} ms, difference ${worst.toExponential(1)}\n`,
    );
    expect(runPasses(after, defaultPipeline).changed).toBe(0);
    expect(worst).toBeLessThan(1e-4);
  },
  60_000,
);
