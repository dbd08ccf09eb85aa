import { beforeAll, describe, expect, test } from "vitest";
import { x86 } from "@lowbit/backend-x86";
import { printGraph, type Model } from "@lowbit/ir";
import { deployModel, type WeightCodes } from "@lowbit/quantize";
import { adam, arrays, crossEntropy, evaluate, type Dataset } from "@lowbit/train";
import { trainQuantized } from "./quantization-aware-training.ts";
import { trainModel } from "./training.ts";
import { withWeightScheme } from "./weight-scheme.ts";
import { mlp, samples } from "./workshop.testing.ts";

function labelled(count: number, seed: number): Dataset {
  const { x, y } = samples(count, seed);
  return arrays({ x }, y);
}

const [data, held] = [labelled(480, 1), labelled(300, 2)];
const settings = { data, loss: crossEntropy(), optimizer: adam(), batch: 30, threads: 1 };
const forIntegers = { ...settings, backend: x86({ prefer: "integer" }), epochs: 2, learningRate: 1e-3 };
let float: Model;

beforeAll(async () => {
  float = await trainModel(mlp(), { ...settings, epochs: 4, learningRate: 1e-2 });
});

async function accuracy(model: Model): Promise<number> {
  return (await evaluate(model, held, { threads: 1 })).value;
}

/** The codes of the weights of a deployed model: dtype, shape of the scales, size of a block. */
function weightCodes({ graph }: Model): readonly string[] {
  return [...graph.nodes].flatMap((node) => {
    const [codes, scale] = node.inputs;
    if (!node.is("DequantizeLinear") || codes?.initializer?.dims.length !== 2) return [];
    return [`${codes.dtype} [${scale!.shape!.join(",")}] blocks of ${node.int("block_size", 0)}`];
  });
}

describe("4-bit weights are trained", () => {
  test.each<[string, NonNullable<WeightCodes["granularity"]>, readonly string[]]>([
    ["per channel", "channel", ["int4 [32] blocks of 0", "int4 [3] blocks of 0"]],
    ["per block", { block: 8 }, ["int4 [32,2] blocks of 8", "int4 [3,4] blocks of 8"]],
  ])("%s, and deployed as they were trained", async (_, granularity, codes) => {
    const { model, prepared } = await trainQuantized(float, {
      ...forIntegers,
      editPlan: (plan) => withWeightScheme(plan, { dtype: "int4", granularity }),
    });
    expect(weightCodes(model)).toEqual(codes);
    expect(await accuracy(model)).toBeGreaterThan((await accuracy(float)) - 0.03);
    const before = float.graph.value("w1")!.initializer!.floats();
    expect(prepared.graph.value("w1")!.initializer!.floats()).not.toEqual(before);
  });
});

test("layers that are kept in float are trained in float", async () => {
  const { model, prepared, skipped } = await trainQuantized(float, { ...forIntegers, keepFloat: ["fc2"] });
  expect(skipped.map(({ node, reason }) => `${node.label}: ${reason}`)).toEqual(["fc2: kept in float on request"]);
  const weight = prepared.graph.value("w2")!;
  expect(weight.users.map(({ op }) => op)).toEqual(["Gemm"]);
  expect(weight.initializer!.floats()).not.toEqual(float.graph.value("w2")!.initializer!.floats());
  expect(weightCodes(model)).toEqual(["int8 [32] blocks of 0"]);
  expect(await accuracy(model)).toBeGreaterThan((await accuracy(float)) - 0.02);
});

test("a trained model is converted without another look at data", async () => {
  let [drawn, atLastEpoch] = [0, 0];
  const watched: Dataset = {
    ...data,
    async *batches(options) {
      for await (const batch of data.batches(options)) {
        drawn += batch.size;
        yield batch;
      }
    },
  };
  const { model, prepared } = await trainQuantized(float, {
    ...forIntegers,
    data: watched,
    onEvent: (event) => {
      if (event.kind === "epoch") atLastEpoch = drawn;
    },
  });
  // Samples to calibrate on before training, one for the shapes of inputs, and those of two epochs.
  expect(atLastEpoch).toBeGreaterThanOrEqual(2 * 480);
  expect(drawn).toBe(atLastEpoch);
  expect(printGraph(deployModel(prepared, forIntegers.backend).model.graph)).toBe(printGraph(model.graph));
});
