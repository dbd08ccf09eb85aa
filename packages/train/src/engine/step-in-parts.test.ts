import { parseGraph, Tensor, type Graph } from "@lowbit/ir";
import { expect, test } from "vitest";
import type { Batch } from "../data/dataset.ts";
import { randomStream } from "../data/random.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { adam } from "../optimizer/adam.ts";
import { sgd } from "../optimizer/sgd.ts";
import type { TrainStepOptions } from "../step/train-step.ts";
import { MicroBatchRunner, microBatches } from "./micro-batch-runner.ts";
import { unpackState, type TrainState } from "./state.ts";
import { addGradients, StepInParts } from "./step-in-parts.ts";
import { StepRunner } from "./step-runner.ts";

const net = (): Graph =>
  parseGraph(`net (float[N,3,4,4] x) => (float[N,3] y) <
      float[4,3,3,3] k, float[4] gamma = {1.0, 1.5, 0.5, 1.0}, float[4] beta = {0.0, 0.1, 0.2, 0.0},
      float[4] mean = {0.0, 0.1, 0.0, 0.0}, float[4] variance = {1.0, 1.0, 0.5, 1.0}, float[200,64] w1, float[3,200] w2
    > {
      c = Conv <pads = [1,1,1,1]> (x, k)
      n = BatchNormalization (c, gamma, beta, mean, variance)
      r = Relu (n)
      f = Flatten (r)
      h = Gemm <transB = 1> (f, w1)
      y = Gemm <transB = 1> (h, w2) }`);

function samples(count: number, seed: number): Batch {
  const random = randomStream(seed);
  const x = Tensor.of(
    "float",
    Float32Array.from({ length: count * 48 }, () => 2 * random() - 1),
    [count, 3, 4, 4],
  );
  return {
    inputs: { x },
    target: Tensor.of(
      "int64",
      Array.from({ length: count }, (_, i) => i % 3),
    ),
    size: count,
  };
}

const options = (changes: Partial<TrainStepOptions> = {}): TrainStepOptions => ({
  loss: crossEntropy(),
  optimizer: sgd({ momentum: 0.9, weightDecay: 1e-3 }),
  batch: 4,
  batchNormalization: "frozen",
  ...changes,
});

/** The largest difference between two states, relative to the largest element of each tensor. */
function difference(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): number {
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  let most = 0;
  for (const [name, tensor] of a) {
    const others = b.get(name)!.floats();
    const size = Math.max(1e-3, ...others.map(Math.abs));
    tensor.floats().forEach((x, i) => (most = Math.max(most, Math.abs(x - others[i]!) / size)));
  }
  return most;
}

test.each([
  ["sgd", {}],
  // A large epsilon, because Adam makes steps of full size of gradients that are nothing but rounding.
  ["adam with clipping", { optimizer: adam({ epsilon: 1e-2 }), clipNorm: 0.5 }],
  ["classes of different weights", { loss: crossEntropy({ classWeights: [0.1, 2, 5], labelSmoothing: 0.1 }) }],
])("%s: steps in micro-batches, the last one smaller, move as the whole batches do", async (_, changes) => {
  const big = await StepRunner.create(net(), options({ ...changes, batch: 10 }));
  const small = await MicroBatchRunner.create(net(), options(changes));
  const [whole, parts] = [big.initialState(), small.initialState()];
  const batches = [samples(10, 1), samples(10, 2), samples(10, 3)];
  const rates = [0.05, 0.05, 0.02];
  const losses = await big.run(whole, batches, 1, rates);
  const others = await small.run(parts, batches, 1, rates);
  losses.forEach((loss, i) => expect(others[i]).toBeCloseTo(loss, 5));
  expect(difference(unpackState(small.slots, parts), unpackState(big.slots, whole))).toBeLessThan(2e-5);
  await Promise.all([big.release(), small.release()]);
});

test("a part whose labels all weigh nothing counts nothing, as in the whole batch", async () => {
  const loss = crossEntropy({ classWeights: [0, 1, 3] });
  const batch = { ...samples(4, 6), target: Tensor.of("int64", [1, 2, 0, 0]) };
  const big = await StepRunner.create(net(), options({ loss }));
  const small = await MicroBatchRunner.create(net(), options({ loss, batch: 2 }));
  const [whole, parts] = [big.initialState(), small.initialState()];
  const [expected] = await big.run(whole, [batch], 1, [0.05]);
  const [actual] = await small.run(parts, [batch], 1, [0.05]);
  expect(actual).toBeCloseTo(expected!, 5);
  expect(difference(unpackState(small.slots, parts), unpackState(big.slots, whole))).toBeLessThan(2e-5);
  await Promise.all([big.release(), small.release()]);
});

test("gradients that two processes computed add up to those of one", async () => {
  const step = await StepInParts.create(net(), options());
  const [here, there, alone] = [step.initialState(), step.initialState(), step.initialState()];
  const batches = microBatches(samples(12, 5), 4);
  const combined = addGradients([
    await step.gradients(here, batches.slice(0, 1)),
    await step.gradients(there, batches.slice(1)),
  ]);
  const all = await step.gradients(alone, batches.slice(1), await step.gradients(alone, batches.slice(0, 1)));
  expect([combined.samples, combined.weight, all.samples, all.weight]).toEqual([12, 12, 12, 12]);
  expect(combined.loss).toBeCloseTo(all.loss, 4);
  expect(difference(combined.sums, all.sums)).toBeLessThan(1e-5);
  await step.update(here, combined, 1, 0.1);
  await step.update(alone, all, 1, 0.1);
  expect(difference(here, alone)).toBeLessThan(1e-5);
  await step.release();
});

test("statistics of BatchNormalization move with every micro-batch, parameters with the update only", async () => {
  const step = await StepInParts.create(net(), options({ batchNormalization: "train" }));
  const state = step.initialState();
  const named = (of: TrainState): ReadonlyMap<string, Tensor> => unpackState(step.slots, of);
  const before = named(state);
  const gradients = await step.gradients(state, [samples(4, 1)]);
  const between = named(state);
  await step.update(state, gradients, 1, 0.1);
  const after = named(state);
  const changed = (a: typeof before, b: typeof before): string[] =>
    [...a.keys()].filter((name) => a.get(name)!.bytes().join() !== b.get(name)!.bytes().join());
  expect(changed(before, between)).toEqual(["mean", "variance"]);
  expect(changed(between, after)).toContain("k");
  expect(changed(between, after)).not.toContain("mean");
  await step.release();
});
