import { CompileError, parseGraph, printGraph, Tensor, type Graph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { adam, adamw } from "../optimizer/adam.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import { sgd } from "../optimizer/sgd.ts";
import { trainStep } from "./train-step.ts";

/** y = w·x with x = 1 and target 0, so that the loss is w² and its gradient 2w. */
const line = (): Graph =>
  parseGraph(`line (float[N,1] x) => (float[N,1] y) <float[1,1] w = {3.0}> { y = MatMul(x, w) }`);

/** The weight after each of some steps on `line`, by the step graph on ONNX Runtime. */
async function weights(optimizer: Optimizer, rates: readonly number[], clipNorm?: number): Promise<number[]> {
  const runner = await StepRunner.create(line(), {
    loss: meanSquaredError(),
    optimizer,
    batch: 1,
    parameters: ["w"],
    ...(clipNorm === undefined ? {} : { clipNorm }),
  });
  const state = runner.initialState();
  const batch = { inputs: { x: Tensor.of("float", [1], [1, 1]) }, target: Tensor.of("float", [0], [1, 1]), size: 1 };
  const seen: number[] = [];
  for (const [index, rate] of rates.entries()) {
    await runner.run(state, [batch], index + 1, [rate]);
    seen.push(state.get("w")!.item());
  }
  await runner.release();
  return seen;
}

const rates = [0.1, 0.1, 0.05];

test("plain gradient descent moves a weight by the rate times its gradient", async () => {
  let w = 3;
  const expected = rates.map((rate) => (w -= rate * 2 * w));
  expect(await weights(sgd(), rates)).toEqual(expected.map((value) => expect.closeTo(value, 5) as number));
});

test("momentum, Nesterov and weight decay follow their recurrences", async () => {
  let [w, v] = [3, 0];
  const expected = rates.map((rate) => {
    const g = 2 * w + 0.1 * w;
    v = 0.9 * v + g;
    return (w -= rate * (g + 0.9 * v));
  });
  const optimizer = sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1 });
  expect(await weights(optimizer, rates)).toEqual(expected.map((value) => expect.closeTo(value, 5) as number));
});

test("Adam and AdamW follow the published recurrences", async () => {
  for (const decoupled of [false, true]) {
    let [w, m, v] = [3, 0, 0];
    const expected = rates.map((rate, index) => {
      const g = 2 * w + (decoupled ? 0 : 0.1 * w);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const step = (rate * (m / (1 - 0.9 ** (index + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (index + 1))) + 1e-8);
      return (w = w - (decoupled ? rate * 0.1 * w : 0) - step);
    });
    const optimizer = decoupled ? adamw({ weightDecay: 0.1 }) : adam({ weightDecay: 0.1 });
    expect(await weights(optimizer, rates)).toEqual(expected.map((value) => expect.closeTo(value, 5) as number));
  }
});

test("clipping limits the norm of all gradients", async () => {
  expect(await weights(sgd(), [0.1], 2)).toEqual([expect.closeTo(3 - 0.1 * 2, 6)]);
});

test("many steps in one run equal the same steps one by one", async () => {
  const options = { loss: crossEntropy(), optimizer: adam(), batch: 2 };
  const graph = parseGraph(
    `net (float[N,4] x) => (float[N,3] y) <float[3,4] w, float[3] b> { y = Gemm <transB = 1> (x, w, b) }`,
  );
  const runner = await StepRunner.create(graph, options);
  const batches = [0, 1, 2].map((i) => ({
    inputs: {
      x: Tensor.of(
        "float",
        Array.from({ length: 8 }, (_, k) => Math.sin(k + 8 * i)),
        [2, 4],
      ),
    },
    target: Tensor.of("int64", [i, (i + 1) % 3]),
    size: 2,
  }));
  const [together, apart] = [runner.initialState(), runner.initialState()];
  await runner.run(together, batches, 1, [0.01, 0.01, 0.01]);
  for (const [index, batch] of batches.entries()) await runner.run(apart, [batch], index + 1, [0.01]);
  await runner.release();
  for (const [name, tensor] of together) expect(tensor.bytes()).toEqual(apart.get(name)!.bytes());
});

test("the step of a small model reads as plain ONNX", () => {
  const step = trainStep(line(), { loss: meanSquaredError(), optimizer: sgd(), batch: 2, parameters: ["w"] });
  expect(printGraph(step.graph)).toMatchInlineSnapshot(`
    "line (float[2,1] x, float[2,1] target, float[1] hyper, float[1,1] w) => (float reducemean_out, float[1,1] sub_out_1)
    <float[2,1] mul_out_grad = {0.5, 0.5}> {
      y = MatMul (x, w)
      sub_out = Sub (y, target)
      mul_out = Mul (sub_out, sub_out)
      reducemean_out = ReduceMean <keepdims = 0> (mul_out)
      mul_out_1 = Mul (mul_out_grad, sub_out)
      sub_out_grad = Add (mul_out_1, mul_out_1)
      w_grad = Gemm <transA = 1> (x, sub_out_grad)
      mul_out_3 = Mul (w_grad, hyper)
      sub_out_1 = Sub (w, mul_out_3)
    }"
  `);
});

const normalization = (text: string): Graph =>
  parseGraph(`bn (float[N,1] x) => (float[N,1] y)
    <float[1] scale = {1.0}, float[1] bias = {0.0}, float[1] mean = {0.0}, float[1] variance = {1.0}> { ${text} }`);

test.each([
  ["a model for inference", "y = BatchNormalization (x, scale, bias, mean, variance)"],
  [
    "a model exported for training",
    "y, m, v = BatchNormalization <training_mode = 1, momentum = 0.9> (x, scale, bias, mean, variance)",
  ],
])("BatchNormalization of %s trains on batch statistics and moves the running ones", async (_, text) => {
  const graph = normalization(text);
  const runner = await StepRunner.create(graph, { loss: meanSquaredError(), optimizer: sgd(), batch: 2 });
  const state = runner.initialState();
  const batch = {
    inputs: { x: Tensor.of("float", [2, 4], [2, 1]) },
    target: Tensor.of("float", [0, 0], [2, 1]),
    size: 2,
  };
  await runner.run(state, [batch], 1, [0]);
  await runner.release();
  expect(state.get("mean")!.item()).toBeCloseTo(0.3, 6);
  expect(state.get("variance")!.item()).toBeCloseTo(1, 6);
});

test("frozen BatchNormalization of a model exported for training uses its running statistics", async () => {
  const text = "y, m, v = BatchNormalization <training_mode = 1> (x, scale, bias, mean, variance)";
  const frozen = { loss: meanSquaredError(), optimizer: sgd(), batch: 2, batchNormalization: "frozen" } as const;
  const runner = await StepRunner.create(normalization(text), frozen);
  const batch = {
    inputs: { x: Tensor.of("float", [2, 4], [2, 1]) },
    target: Tensor.of("float", [0, 0], [2, 1]),
    size: 2,
  };
  const [loss] = await runner.run(runner.initialState(), [batch], 1, [0]);
  await runner.release();
  expect(runner.slots.map(({ name }) => name)).not.toContain("mean");
  expect(loss).toBeCloseTo((2 ** 2 + 4 ** 2) / 2 / (1 + 1e-5), 4);
});

test("a selection that matches nothing is refused", () => {
  const attempt = (): unknown =>
    trainStep(line(), { loss: meanSquaredError(), optimizer: sgd(), batch: 1, parameters: ["layer4.*"] });
  expect(attempt).toThrow(CompileError);
  expect(attempt).toThrow(`no trainable parameter of the model matches "layer4.*"`);
});

test("a model tied to one batch size is refused with the node", () => {
  for (const [declared, help] of [
    ["N", "train with the batch it was exported for"],
    ["1", "train with the batch it was exported for (--batch 1)"],
  ] as const) {
    const graph = parseGraph(`fixed (float[${declared},4] x) => (float[1,4] y) <float[4] w> {
      shape = Constant <value_ints = [1, 4]> ()
      flat = Reshape (x, shape)
      y = Mul (flat, w) }`);
    expect(() => trainStep(graph, { loss: meanSquaredError(), optimizer: sgd(), batch: 2 })).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({
          code: "train/fixed-batch",
          where: { node: "flat" },
          help: `export the model with a dynamic batch dimension, or ${help}`,
        }),
      }),
    );
  }
});
