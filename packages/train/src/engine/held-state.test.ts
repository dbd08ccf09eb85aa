import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { arrays } from "../data/arrays.ts";
import type { Batch } from "../data/dataset.ts";
import type { FitOptions } from "../fit/fit-options.ts";
import { train } from "../fit/fit.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { sampled, settle } from "./held-state.ts";
import { sessionOptions } from "./session-options.ts";
import type { TrainState } from "./state.ts";
import { StepRunner } from "./step-runner.ts";

/** State stays behind only where sessions run on a thread of their own. */
const isBuilt = existsSync(new URL("../../../runtime/dist/session-thread.js", import.meta.url));

/** 2,200,000 weights: with their momenta 17 MB of state. */
const [inputs, outputs] = [2200, 1000];
const optimizer = sgd({ momentum: 0.9 });
const options = { loss: meanSquaredError(), optimizer, batch: 2 };

const graph = parseGraph(`net (float[N,${inputs}] x) => (float[N,${outputs}] y) <float[${outputs},${inputs}] w> {
  y = Gemm <transB = 1> (x, w) }`);

const steps: readonly Batch[] = ["a", "b", "c", "d"].map((name) => ({
  inputs: { x: seeded(`${name}.x`, "float", [2, inputs]) },
  target: seeded(`${name}.target`, "float", [2, outputs]),
  size: 2,
}));

/** The state after some steps, by a session on this thread that is fed all of it anew at every step. */
async function byHand({ model, slots }: StepRunner, batches: readonly Batch[], from: TrainState): Promise<TrainState> {
  const state = new Map(from);
  const session = await Session.create(model, sessionOptions(model.graph));
  for (const { inputs: data, target } of batches) {
    const feeds: Record<string, Tensor> = {
      "hyper.steps": Tensor.of("float", [0.1], [1, 1]),
      "x.steps": data["x"]!.reshape([1, ...data["x"]!.dims]),
      "target.steps": target!.reshape([1, ...target!.dims]),
    };
    for (const { name } of slots) feeds[`${name}.in`] = state.get(name)!;
    const results = await session.run(feeds);
    slots.forEach(({ name }, index) => state.set(name, results[model.graph.outputs[index]!.name]!));
  }
  await session.release();
  return state;
}

function expectSameBytes(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, tensor] of expected) {
    expect([name, Buffer.compare(actual.get(name)!.bytes(), tensor.bytes())]).toEqual([name, 0]);
  }
}

describe.skipIf(!isBuilt)("state of many megabytes (needs a build)", { timeout: 60_000 }, () => {
  test("stays with its steps, is that of steps fed anew, and comes back when it is settled", async () => {
    const runner = await StepRunner.create(graph, options);
    const state = runner.initialState();
    const expected = await byHand(runner, steps, state);
    for (const [index, batch] of steps.entries()) await runner.run(state, [batch], index + 1, [0.1]);
    expect(() => state.get("w")!.floats()).toThrow("settle(state) brings it back");
    for (const [name, sample] of await sampled(state, 1000)) {
      const all = expected.get(name)!.floats();
      expect([...sample.floats()]).toEqual([...all.filter((_, index) => index % (all.length / 1000) === 0)]);
    }
    await settle(state);
    expectSameBytes(state, expected);
    await settle(state);
    expectSameBytes(await sampled(state, 1000), expected);
    await runner.release();
  });

  test("goes over to another runner, and back", async () => {
    const [one, other] = [await StepRunner.create(graph, options), await StepRunner.create(graph, options)];
    const state = one.initialState();
    const expected = await byHand(one, steps, state);
    const before = await byHand(one, steps.slice(0, 3), one.initialState());
    for (const [index, runner] of [one, other, other, one].entries()) {
      await runner.run(state, [steps[index]!], index + 1, [0.1]);
    }
    expectSameBytes(await one.stateBefore(), before);
    await settle(state);
    expectSameBytes(state, expected);
    await Promise.all([one.release(), other.release()]);
  });

  test("comes back where the same steps move another state", async () => {
    const runner = await StepRunner.create(graph, options);
    const [one, other] = [runner.initialState(), runner.initialState()];
    await runner.run(one, [steps[0]!], 1, [0.1]);
    await runner.run(other, [steps[1]!], 1, [0.1]);
    await runner.run(one, [steps[1]!], 2, [0.1]);
    for (const state of [one, other]) await settle(state);
    expectSameBytes(one, await byHand(runner, steps.slice(0, 2), runner.initialState()));
    expectSameBytes(other, await byHand(runner, steps.slice(1, 2), runner.initialState()));
    await runner.release();
  });

  test("cannot be settled when its steps have gone on with a copy", async () => {
    const runner = await StepRunner.create(graph, options);
    const state = runner.initialState();
    await runner.run(state, [steps[0]!], 1, [0.1]);
    const copy = new Map(state);
    await runner.run(copy, [steps[1]!], 2, [0.1]);
    await expect(settle(state)).rejects.toThrow("has moved on from the state");
    await settle(copy);
    expectSameBytes(copy, await byHand(runner, steps.slice(0, 2), runner.initialState()));
    await runner.release();
  });

  describe("in a whole run, with a smaller last batch", () => {
    const settings = (changes: Partial<FitOptions>): FitOptions => ({
      data: arrays({ x: seeded("all.x", "float", [5, inputs]) }, seeded("all.target", "float", [5, outputs])),
      learningRate: 0.1,
      epochs: 1,
      ...options,
      ...changes,
    });

    test("is the same whether it is saved at every step or never", async () => {
      const folder = mkdtempSync(join(tmpdir(), "lowbit-held-"));
      try {
        const never = await train(graph, settings({}));
        const always = await train(graph, settings({ checkpoint: { folder: join(folder, "run"), everySeconds: 0 } }));
        const weights = (of: Graph): Uint8Array => of.value("w")!.initializer!.bytes();
        expect(Buffer.compare(weights(never), weights(always))).toBe(0);
        expect(Buffer.compare(weights(never), weights(graph))).not.toBe(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("stops it where it holds infinities, and tells where they came from", async () => {
      const diverging = train(graph, settings({ learningRate: 3e38 }));
      await expect(diverging).rejects.toThrow(/train\/not-finite.*came from/s);
    });
  });
});
