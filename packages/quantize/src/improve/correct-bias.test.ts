import { newModel, parseGraph, printGraph, seeded, Tensor, type Graph, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { convert } from "../convert/convert.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { correctBias } from "./correct-bias.ts";
import { explicitBiases } from "./explicit-biases.ts";

const net = (): Graph =>
  parseGraph(`net (float[4,3,6,6] x) => (float[4,5,2,2] y) <
      float[4,3,3,3] w1, float[4] b1, float[5,4,3,3] w2, float[5] b2
    > {
      [first] c = Conv (x, w1, b1)
      r = Relu (c)
      [second] y = Conv (r, w2, b2)
    }`);

const weight = observed("int4", { range: [-2, 1], symmetric: true });

function planOf(graph: Graph): QuantPlan {
  const names = new PointNames(graph);
  const specs = { "first#W": weight, x: observed("uint8"), r: observed("uint8"), "second#W": weight };
  return createPlan(
    graph,
    new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
  );
}

const data: readonly Feeds[] = Array.from({ length: 12 }, (_, i) => ({
  x: Tensor.of(
    "float",
    seeded(`x${i}`, "float", [4, 3, 6, 6])
      .numbers()
      .map((value) => 4 * value + 0.3),
    [4, 3, 6, 6],
  ),
}));

/** The mean of each of the channels of `y` over all data. */
async function meansOf(model: Model): Promise<number[]> {
  const session = await Session.create(model, { threads: 1 });
  const sums = [0, 0, 0, 0, 0];
  for (const feeds of data) {
    (await session.run(feeds))["y"]!.floats().forEach((value, i) => (sums[Math.floor(i / 4) % 5]! += value));
  }
  await session.release();
  return sums.map((sum) => sum / (data.length * 16));
}

/** What one step of the integer bias of the second layer stands for. */
function biasStep(graph: Graph): number {
  return graph.value("b2_dq")!.producer!.inputs[1]!.constant!.item();
}

test("the quantized layers have the means of the float layers afterwards, up to the rounding of the bias before and after", async () => {
  const float = newModel(net());
  const model = newModel(net());
  const plan = planOf(model.graph);
  const { ranges } = await calibrate(model, plan, data, { threads: 1 });
  const quantized = (): Model => ({ ...model, graph: convert(prepare(model.graph, plan, { mode: "static", ranges })) });
  const wanted = await meansOf(float);
  const error = (means: readonly number[]): number =>
    Math.max(...means.map((value, i) => Math.abs(value - wanted[i]!)));
  const before = error(await meansOf(quantized()));
  const { corrected, diagnostics } = await correctBias(model, plan, { ranges, data, threads: 1 });
  expect([corrected, diagnostics]).toEqual([2, []]);
  expect(before).toBeGreaterThan(0.02);
  const after = quantized();
  expect(error(await meansOf(after))).toBeLessThanOrEqual(biasStep(after.graph));
});

test("a quantized layer without a bias is named, and none is changed", async () => {
  const graph = parseGraph(`net (float[4,3] x) => (float[4,2] y) <float[3,2] w> {
    [product] y = MatMul (x, w)
  }`);
  const names = new PointNames(graph);
  const plan = createPlan(graph, new Map([[names.find("product#B")!, weight]]));
  const { corrected, diagnostics } = await correctBias(newModel(graph), plan, {
    ranges: new Map(),
    data: [{ x: seeded("x", "float", [4, 3]) }],
  });
  expect(corrected).toBe(0);
  expect(diagnostics.map(({ code, where }) => [code, where])).toEqual([
    ["quantize/bias-not-corrected", { node: "product" }],
  ]);
});

test("a bias of one row is corrected, a bias per row of the result is not", async () => {
  const correct = async (bias: string): Promise<number> => {
    const graph = parseGraph(`net (float[2,3] x) => (float[2,2] y) <float[3,2] w, float[${bias}] b> {
      [product] y = Gemm (x, w, b)
    }`);
    const plan = createPlan(graph, new Map([[new PointNames(graph).find("product#B")!, weight]]));
    const inputs = [{ x: seeded("x", "float", [2, 3]) }];
    return (await correctBias(newModel(graph), plan, { ranges: new Map(), data: inputs })).corrected;
  };
  expect([await correct("1,2"), await correct("2,1")]).toEqual([1, 0]);
});

test("biases of zeros are added where there are none", () => {
  const graph = parseGraph(`net (float[1,2] x) => (float[1,3] y) <float[3,2] w> {
    y = Gemm <transB = 1> (x, w)
  }`);
  expect(runPasses(newModel(graph), [explicitBiases], { verifyEach: true }).changed).toBe(1);
  expect(runPasses(newModel(graph), [explicitBiases]).changed).toBe(0);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "net (float[1,2] x) => (float[1,3] y)
    <
      float[3,2] w = {-0.14174888, -0.0975983, -0.11295555, -0.1325534, -0.017972093, 0.026769195},
      float[3] w_bias = {0, 0, 0}
    > {
      y = Gemm <transB = 1> (x, w, w_bias)
    }"
  `);
});
