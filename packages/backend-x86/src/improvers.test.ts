import { join } from "node:path";
import { cloneModel, loadModel, type Graph, type Model } from "@lowbit/ir";
import {
  createPlan,
  planToJson,
  quantizeModel,
  valueOf,
  type Improvement,
  type PlanJson,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { defaultPipeline, runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import {
  accuracyOver,
  cifarBatches,
  keywordBatches,
  materialsFolder,
  rescaleChannels,
  type LabelledBatch,
} from "@lowbit/test-models";
import { describe, expect, test } from "vitest";
import { x86 } from "./x86.ts";

const folder = materialsFolder() ?? "";
const backend = x86({ prefer: "integer" });

const models = {
  "ResNet8 of MLPerf Tiny": {
    file: "mlperf-tiny/resnet8_cifar10.bn.op17.onnx",
    train: () => cifarBatches(folder, "train", 256, "raw"),
    test: () => cifarBatches(folder, "test", 5000, "raw"),
  },
  "keyword spotting of MLPerf Tiny": {
    file: "mlperf-tiny/kws_dscnn.bn.op17.onnx",
    train: () => keywordBatches(folder, 256),
    test: () => keywordBatches(folder, 500),
  },
} as const;

type Name = keyof typeof models;

/** The float model, optimized. */
function optimized(name: Name): Model {
  const model = loadModel(join(folder, "models", models[name].file));
  runPasses(model, defaultPipeline);
  return model;
}

/** The float model, optimized, with the channels between its convolutions rescaled at random. */
function rescaled(name: Name, seed: number): Model {
  const model = optimized(name);
  expect(rescaleChannels(model.graph, seed)).toBeGreaterThan(2);
  return model;
}

/** The backend's plan with one scale for each weight. */
function perTensorPlan(model: Model): PlanJson {
  const { graph } = cloneModel(model);
  const plan = backend.quantizer.annotate(graph);
  const specs = [...plan.specs].map(([point, spec]): [QuantPoint, QuantSpec] => {
    const isWeight = spec.kind === "observed" && valueOf(point)?.initializer;
    return [point, isWeight ? { ...spec, granularity: { kind: "tensor" } } : spec];
  });
  return planToJson(createPlan(graph, new Map(specs), plan.skipped));
}

async function accuracyOf(name: Name, float: Model, improve: readonly Improvement[] | null): Promise<number> {
  const input = inputOf(float.graph);
  const data = models[name].train().map(({ x }) => ({ [input]: x }));
  const model =
    improve === null
      ? float
      : (await quantizeModel(float, { backend, data, improve, plan: perTensorPlan(float) })).model;
  return accuracy(model, models[name].test());
}

function inputOf(graph: Graph): string {
  return graph.inputs.find((value) => !value.initializer)!.name;
}

/** Share of samples whose largest output is the right class, in percent. */
async function accuracy(model: Model, batches: readonly LabelledBatch[]): Promise<number> {
  const session = await Session.create(model, { threads: 1 });
  const [input, output] = [inputOf(model.graph), model.graph.outputs[0]!.name];
  const percent = await accuracyOver(batches, async (x) => (await session.run({ [input]: x }))[output]!);
  await session.release();
  return percent;
}

const names = Object.keys(models) as Name[];

/** Accuracies as the documentation shows them: run with `--reporter=verbose` to see them. */
function row(name: Name, accuracies: Readonly<Record<string, number>>): string {
  const cells = Object.entries(accuracies).map(([what, percent]) => `${what} ${percent.toFixed(2)} %`);
  return `${name}: ${cells.join(", ")}`;
}

describe.skipIf(!materialsFolder())("with one scale per weight,", () => {
  test.for(names)(
    "%s with rescaled channels loses over 5 points, and at most 1 when equalized",
    {
      timeout: 120_000,
    },
    async (name, { annotate }) => {
      const model = rescaled(name, 1);
      const float = await accuracyOf(name, model, null);
      const plain = await accuracyOf(name, model, []);
      const equalized = await accuracyOf(name, model, ["equalize"]);
      const both = await accuracyOf(name, model, ["equalize", "bias-correction"]);
      await annotate(row(name, { float, plain, equalized, "equalized and corrected": both }));
      expect(float - plain).toBeGreaterThan(5);
      expect(float - equalized).toBeLessThanOrEqual(1);
      expect(float - both).toBeLessThanOrEqual(1);
    },
  );

  test.for(names)(
    "%s as it is loses at most 1 point with any improvement",
    { timeout: 120_000 },
    async (name, { annotate }) => {
      const model = optimized(name);
      const float = await accuracyOf(name, model, null);
      const plain = await accuracyOf(name, model, []);
      const equalized = await accuracyOf(name, model, ["equalize"]);
      const corrected = await accuracyOf(name, model, ["bias-correction"]);
      await annotate(row(name, { float, plain, equalized, corrected }));
      expect(float - Math.min(plain, equalized, corrected)).toBeLessThanOrEqual(1);
    },
  );
});
