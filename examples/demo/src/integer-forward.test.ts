import { readFileSync } from "node:fs";
import { join } from "node:path";
import { materialsFolder, mnistFiles } from "@lowbit/test-models";
import {
  adam,
  arrays,
  crossEntropy,
  loadModel,
  openDataset,
  Tensor,
  trainQuantized,
  withWeightScheme,
  x86,
  type Dataset,
} from "lowbit";
import { describe, expect, test } from "vitest";
import { cnn, mlp, residualCnn } from "./models.ts";
import { compareForwards, type ForwardDifference } from "./training-forward.testing.ts";

const samples = 200;

/** What the annotations of the tests say: run with `--reporter=verbose` to see them. */
function text(forward: string, { logits, codes }: ForwardDifference): string {
  return `${forward}: ${logits.differing} of ${logits.values} logits and ${codes.differing} of ${codes.values} codes differ`;
}

describe.each([
  { name: "MLP", build: mlp },
  { name: "CNN", build: cnn },
  { name: "residual CNN", build: residualCnn },
])("the demo's $name, trained with an integer forward,", ({ build }) => {
  test(
    "computes in training what it computes when deployed, bit for bit",
    { timeout: 60_000 },
    async ({ annotate }) => {
      const backend = x86();
      const model = build();
      const { images, labels } = mnistFiles().train;
      const settings = { scale: 1 / 255, targets: "class" } as const;
      const data = await openDataset(`${images},${labels}`, model.graph.inputs, settings);
      const { prepared } = await trainQuantized(model, {
        backend,
        data,
        samples: 1000,
        batch: 50,
        loss: crossEntropy(),
        optimizer: adam(),
        calibrationSamples: 128,
        integerForward: 0,
      });
      const integers = await compareForwards(prepared, backend, data, samples, "integers");
      await annotate(text("integer forward", integers));
      await annotate(
        text("fake-quantized forward", await compareForwards(prepared, backend, data, samples, "fake-quantized")),
      );
      expect(integers.logits).toEqual({ values: samples * 10, differing: 0 });
      expect(integers.codes.values).toBeGreaterThan(samples * 100);
      expect(integers.codes.differing).toBe(0);
    },
  );
});

const folder = materialsFolder();

describe.skipIf(folder === null).each([
  { where: "placed for speed, its first convolution in float,", prefer: "speed", dtype: "int8" },
  { where: "all on integers,", prefer: "integer", dtype: "int8" },
  { where: "with weights of 4 bits,", prefer: "speed", dtype: "int4" },
] as const)("ResNet20 of materials, $where trained with an integer forward,", ({ prefer, dtype }) => {
  test(
    "computes in training what it computes when deployed, bit for bit",
    { timeout: 120_000 },
    async ({ annotate }) => {
      const backend = x86({ prefer });
      const data = cifarImages(join(folder!, "data/cifar10/data_batch_1.bin"), 320);
      const { prepared } = await trainQuantized(
        loadModel(join(folder!, "models/cifar10/resnet20-cifar10.bn.op17.onnx")),
        {
          backend,
          data,
          learningRate: 1e-5,
          loss: crossEntropy(),
          optimizer: adam(),
          calibrationSamples: 64,
          integerForward: 0,
          editPlan: (plan) => withWeightScheme(plan, { dtype, granularity: "channel" }),
        },
      );
      const integers = await compareForwards(prepared, backend, data, samples, "integers");
      await annotate(text("integer forward", integers));
      await annotate(
        text("fake-quantized forward", await compareForwards(prepared, backend, data, samples, "fake-quantized")),
      );
      expect(integers.logits).toEqual({ values: samples * 10, differing: 0 });
      expect(integers.codes.values).toBeGreaterThan(1e6);
      expect(integers.codes.differing).toBe(0);
    },
  );
});

function cifarImages(file: string, count: number): Dataset {
  const bytes = readFileSync(file);
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const images = Float32Array.from({ length: count * 3072 }, (_, i) => {
    const channel = Math.floor((i % 3072) / 1024);
    const pixel = bytes[Math.floor(i / 3072) * 3073 + 1 + (i % 3072)]!;
    return (pixel / 255 - mean[channel]!) / deviation[channel]!;
  });
  const labels = BigInt64Array.from({ length: count }, (_, i) => BigInt(bytes[i * 3073]!));
  const input = Tensor.fromTyped("float", [count, 3, 32, 32], images);
  return arrays({ input }, Tensor.fromTyped("int64", [count], labels));
}
