import { newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import type { Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { createPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint } from "../plan/spec.ts";
import type { QuantizationBackend } from "../quantizer.ts";
import { quantizeModel } from "../quantize-model.ts";
import { improveFloat } from "./improve-model.ts";

const net = (): Model =>
  newModel(
    parseGraph(`net (float[64,3] x) => (float[64,2] y) <float[4,3] w1, float[4] b1, float[2,4] w2> {
      [first] h = Gemm <transB = 1> (x, w1, b1)
      r = Relu (h)
      [second] y = Gemm <transB = 1> (r, w2)
    }`),
  );

/** Quantizes weights only, to 4 bits with one scale each. */
const weightOnly: QuantizationBackend = {
  name: "weight-only",
  lower: [],
  quantizer: {
    name: "weight-only",
    annotate(graph) {
      const names = new PointNames(graph);
      const spec = observed("int4", { range: [-7, 7], symmetric: true });
      return createPlan(
        graph,
        new Map(["first#B", "second#B"].map((name): [QuantPoint, typeof spec] => [names.find(name)!, spec])),
      );
    },
  },
};

/** Ten batches that can be read once. */
async function* once(): AsyncGenerator<Feeds> {
  for (let i = 0; i < 10; i++) yield { x: seeded(`x${i}`, "float", [64, 3]) };
}

test("data that can be read once serves improvements and calibration, in order", async () => {
  const { data, kept } = await improveFloat(net(), { improve: ["bias-correction"], data: once() });
  const names: (string | undefined)[] = [];
  for await (const { x } of data) names.push(x?.floats().slice(0, 4).join());
  const wanted: (string | undefined)[] = [];
  for await (const { x } of once()) wanted.push(x?.floats().slice(0, 4).join());
  expect(names).toEqual(wanted);
  expect(kept).toHaveLength(4);
});

test("nothing is read or changed unless an improvement is named", async () => {
  const data = once();
  expect(await improveFloat(net(), { data })).toEqual({ data, kept: [], diagnostics: [] });
});

test("biases are corrected where only weights are quantized, also those that were not there", async () => {
  const quantized = await quantizeModel(net(), { backend: weightOnly, data: once(), improve: ["bias-correction"] });
  expect(quantized.diagnostics).toEqual([]);
  const second = [...quantized.optimized.graph.nodes].find((node) => node.name === "second")!;
  expect(second.inputs[2]!.constant!.floats().every((value) => value !== 0)).toBe(true);
});

test("two improvers that round weights are refused before anything is read", async () => {
  const wanted = { improve: ["gptq", "adaround"] as const, data: once() };
  await expect(improveFloat(net(), wanted)).rejects.toThrow(/gptq and adaround each decide/);
});

test.each(["gptq", "adaround", "refit", "awq"] as const)("%s needs data", async (name) => {
  const wanted = { backend: weightOnly, data: [], improve: [name] };
  await expect(quantizeModel(net(), wanted)).rejects.toThrow(/calibration set is empty/);
});

test.each(["gptq", "adaround", "refit", "awq", "bias-correction"] as const)(
  "%s refuses data that is not finite, naming value and sample, where nothing is calibrated",
  async (name) => {
    const x = seeded("x", "float", [64, 3]).floats().slice();
    x[3 * 41 + 1] = NaN;
    const data = [{ x: seeded("x0", "float", [64, 3]) }, { x: Tensor.of("float", x, [64, 3]) }];
    await expect(quantizeModel(net(), { backend: weightOnly, data, improve: [name] })).rejects.toThrow(
      '"x" is NaN or infinite in calibration sample 105',
    );
  },
);

test.each(["gptq", "adaround"] as const)("%s pins the grid it rounded to in the plan", async (name) => {
  const { plan } = await quantizeModel(net(), { backend: weightOnly, data: once(), improve: ["awq", name] });
  expect([...plan.specs.values()].map(({ kind }) => kind)).toEqual(["fixed", "fixed"]);
});
