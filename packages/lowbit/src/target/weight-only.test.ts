import { x86 } from "@lowbit/backend-x86";
import { Graph, GraphEditor, modelBytes, newModel, Tensor, tensorType, type Model } from "@lowbit/ir";
import { planToJson, quantizeModel, type PlanJson } from "@lowbit/quantize";
import { kernelTimes, Session } from "@lowbit/runtime";
import { arrays, evaluate, randomStream } from "@lowbit/train";
import { expect, test, vi } from "vitest";
import { quantizeToTarget } from "./quantize-to-target.ts";

vi.setConfig({ testTimeout: 120_000 });

const random = randomStream(7);
const numbers = (count: number): number[] => Array.from({ length: count }, () => 2 * random() - 1);
const [inputs, width, classes, samples] = [512, 512, 6, 256];

/** An MLP without biases: what it answers does not depend on how large its inputs are. Large weights, few rows. */
function mlp(): Model {
  const editor = new GraphEditor(new Graph("g"));
  const { op } = editor;
  const weight = (name: string, rows: number, columns: number) =>
    editor.initializer(Tensor.of("float", numbers(rows * columns), [rows, columns]), name);
  const x = editor.input("x", tensorType("float", ["N", inputs]));
  const a = op.Relu([op.MatMul([x, weight("w1", inputs, width)], {}, { name: "one" })]);
  const b = op.Relu([op.Gemm([a, weight("w2", width, width)], { transB: 1 }, { name: "two" })]);
  const scores = op.MatMul([b, weight("w3", width, classes)], {}, { name: "three" });
  editor.rename(scores, "scores");
  editor.output(scores);
  return newModel(editor.graph);
}

/** Points that may be lost: kernels that read weights as codes round activations in blocks, which costs a few; int8 costs over 20. */
const drop = 8;

/** Samples of very different sizes: one scale for all of them leaves small ones no codes, and cutting it spoils large ones. */
const x = Tensor.of(
  "float",
  Array.from({ length: samples }, () => {
    const size = 10 ** (3 * random() - 1.5);
    return numbers(inputs).map((value) => value * size);
  }).flat(),
  [samples, inputs],
);

test("weights are codes and activations float where that is cheapest within the target", async () => {
  const float = mlp();
  const session = await Session.create(float, { threads: 1 });
  const scores = (await session.run({ x }))["scores"]!.floats();
  await session.release();
  const labels = Array.from({ length: samples }, (_, i) => {
    const row = [...scores.subarray(classes * i, classes * (i + 1))];
    return row.indexOf(Math.max(...row));
  });
  const validate = arrays({ x }, Tensor.of("int64", labels));
  const options = { backend: x86(), data: [{ x }], threads: 1 } as const;
  const { quantized, search } = await quantizeToTarget(float, { ...options, validate, target: { drop } });

  expect(search.tried[0]!.outcome.drop).toBeGreaterThan(2 * drop);
  const choices = Object.fromEntries(search.layers.map(({ name, choice }) => [name, choice]));
  expect([choices["one"], choices["two"]]).toEqual(["weight-only", "weight-only"]);
  expect(search.tried[search.chosen]!.weightOnly).toEqual(expect.arrayContaining(["one", "two"]));
  expect(search.costs.chosen).toBeLessThan(0.6 * search.costs.float);
  expect(search.choices.find(({ choice }) => choice === "weight-only")).toMatchObject({
    reason: "too much noise with integer activations, or dearer so",
  });
  expect(1 - (await evaluate(quantized.model, validate)).value).toBeLessThanOrEqual(drop / 100);

  const one = Tensor.of("float", numbers(inputs), [1, inputs]);
  const kernels = (await kernelTimes(quantized.model, { x: one }, { threads: 1 })).map(({ op }) => op);
  expect(kernels.filter((op) => op === "MatMulNBits").length).toBeGreaterThanOrEqual(2);
  expect(kernels.filter((op) => op === "DequantizeLinear" || op === "Gemm")).toEqual([]);

  const plan = JSON.parse(JSON.stringify(planToJson(quantized.plan, quantized.improve))) as PlanJson;
  const made = await quantizeModel(float, { ...options, plan });
  expect(Buffer.compare(modelBytes(made.model), modelBytes(quantized.model))).toBe(0);
});
