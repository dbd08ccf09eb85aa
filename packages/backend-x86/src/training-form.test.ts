import { cloneModel, newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import {
  calibrate,
  composeConvBatchNormalization,
  deployModel,
  planText,
  prepare,
  quantizeModel,
  type QuantPlan,
} from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { runPasses, trainingPipeline } from "@lowbit/rewrite";
import { Session, whatRan, type Feeds } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { x86 } from "./x86.ts";

/** A residual block with its normalizations unfused, as it is trained. */
const text = `g (float[N,8,8,8] x) => (float[N,10] y)
<
  float[16,8,3,3] w1, float[16] gamma1, float[16] beta1, float[16] mean1, float[16] variance1,
  float[16,16,3,3] w2, float[16] b2, float[16] gamma2, float[16] beta2, float[16] mean2, float[16] variance2,
  float[16,10] w3, float[10] b3
> {
  [first] a = Conv <pads = [1, 1, 1, 1]> (x, w1)
  b = BatchNormalization <epsilon = 0.001> (a, gamma1, beta1, mean1, variance1)
  c = Relu (b)
  [second] d = Conv <pads = [1, 1, 1, 1]> (c, w2, b2)
  e = BatchNormalization <epsilon = 0.001> (d, gamma2, beta2, mean2, variance2)
  f = Add (e, c)
  [sum] r = Relu (f)
  [mean] m = GlobalAveragePool (r)
  [flat] h = Flatten (m)
  [dense] y = Gemm (h, w3, b3)
}`;

const feeds: readonly Feeds[] = Array.from({ length: 4 }, (_, i) => ({ x: seeded(`x${i}`, "float", [8, 8, 8, 8]) }));
const backend = x86();

async function preparedForTraining(): Promise<{ readonly plan: QuantPlan; readonly prepared: Model }> {
  const model = newModel(parseGraph(text));
  runPasses(model, [...trainingPipeline, composeConvBatchNormalization]);
  const plan = backend.quantizer.annotate(model.graph);
  const { ranges } = await calibrate(model, plan, feeds);
  return { plan, prepared: { ...model, graph: prepare(model.graph, plan, { mode: "qat", ranges }) } };
}

async function outputs(model: Model): Promise<Float32Array> {
  const session = await Session.create(model);
  const { y } = await session.run(feeds[0]!);
  await session.release();
  return y!.floats();
}

/** The largest difference between two results, as a share of the largest element. */
function difference(a: Float32Array, b: Float32Array): number {
  const largest = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
}

describe("a model with normalizations that is trained for x86", () => {
  test("is planned as one kernel per convolution, normalization and clamp", async () => {
    const { plan } = await preparedForTraining();
    expect(planText(plan)).toMatchInlineSnapshot(`
      "first#X = uint8 per-tensor affine
      first#W = int8 -127..127 per-channel(0) symmetric
      c = uint8 per-tensor affine
      second#X = shared(c)
      second#W = int8 -127..127 per-channel(0) symmetric
      e = uint8 per-tensor affine
      f#A = shared(e)
      f#B = shared(c)
      r = uint8 per-tensor affine
      mean#X = shared(r)
      m = uint8 per-tensor affine
      flat#input = shared(m)
      h = shared(m)
      dense#A = shared(m)
      dense#B = int8 -127..127 per-channel(1) symmetric
      dense#C = int32 bias(dense#A, dense#B)"
    `);
  });

  test("keeps the composite, which knows how its weights are quantized", async () => {
    const { prepared } = await preparedForTraining();
    const composite = [...prepared.graph.nodes].find((node) => node.op === "ConvBatchNormalization")!;
    const settings = ["weight_dtype", "weight_qmin", "weight_qmax", "weight_axis"].map(
      (name) => composite.attributes.get(name)?.value,
    );
    expect(settings).toEqual(["int8", -127n, 127n, 0n]);
  });

  test("is deployed without normalizations, and runs on integers", async () => {
    const { prepared } = await preparedForTraining();
    const { model } = deployModel(prepared, backend);
    expect((await whatRan(model, feeds[0]!)).map((kernel) => kernel.op)).toEqual([
      "QuantizeLinear",
      "Transpose",
      "QLinearConv",
      "QLinearConv",
      "QLinearAdd",
      "QLinearGlobalAveragePool",
      "Transpose",
      "Flatten",
      "QGemm",
    ]);
  });

  test("computes when deployed what it computed in its frozen form", async () => {
    const { prepared } = await preparedForTraining();
    const { model } = deployModel(prepared, backend);
    const predicted = evaluate(prepared.graph, new Map([["x", feeds[0]!["x"]!]]))
      .get("y")!
      .floats();
    expect(difference(predicted, await outputs(model))).toBeLessThan(0.01);
  });

  test("starts where post-training quantization ends", async () => {
    const { prepared } = await preparedForTraining();
    const trained = deployModel(prepared, backend).model;
    const { model } = await quantizeModel(newModel(parseGraph(text)), { backend, data: feeds });
    expect(difference(await outputs(model), await outputs(trained))).toBeLessThan(0.01);
  });

  test("stays as it was when it is deployed", async () => {
    const { prepared } = await preparedForTraining();
    const before = printGraph(cloneModel(prepared).graph);
    deployModel(prepared, backend);
    expect(printGraph(prepared.graph)).toBe(before);
  });
});
