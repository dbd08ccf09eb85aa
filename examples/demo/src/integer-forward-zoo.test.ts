import { join } from "node:path";
import { materialsFolder } from "@lowbit/test-models";
import { adam, arrays, crossEntropy, loadModel, randomStream, Tensor, trainQuantized, x86, type Dataset } from "lowbit";
import { describe, expect, test } from "vitest";
import { compareForwards } from "./training-forward.testing.ts";

const folder = materialsFolder();
const samples = 50;

/** Noise, and classes in turn: what the two forwards compute does not depend on what the model is good for. */
function noise(name: string, dims: readonly number[]): Dataset {
  const random = randomStream(3);
  const size = dims.reduce((a, b) => a * b, samples);
  const images = Float32Array.from({ length: size }, () => 2 * random() - 1);
  const labels = Array.from({ length: samples }, (_, i) => i % 5);
  return arrays({ [name]: Tensor.of("float", images, [samples, ...dims]) }, Tensor.of("int64", labels));
}

describe.skipIf(folder === null).each([
  ["resnet_s", "speed"],
  ["squeezenet1_1", "speed"],
  ["vgg_bn_s", "speed"],
  ["mobilenet_v2_w025", "integer"],
  ["densenet_g8", "integer"],
] as const)("%s of the zoo, placed for %s, trained with an integer forward,", (name, prefer) => {
  test("computes in training what it computes when deployed, bit for bit", { timeout: 120_000 }, async () => {
    const model = loadModel(join(folder!, `models/minizoo/${name}.fused.op13.dyn.onnx`));
    const [input] = model.graph.inputs;
    const data = noise(
      input!.name,
      input!.shape!.slice(1).map((dim) => (typeof dim === "number" ? dim : 32)),
    );
    const backend = x86({ prefer });
    const { prepared } = await trainQuantized(model, {
      backend,
      data,
      batch: 25,
      loss: crossEntropy(),
      optimizer: adam(),
      learningRate: 1e-5,
      integerForward: 0,
    });
    const { logits, codes } = await compareForwards(prepared, backend, data, samples, "integers");
    expect([logits.differing, codes.differing]).toEqual([0, 0]);
    expect(codes.values).toBeGreaterThan(1e6);
  });
});
