import { GraphEditor, parseGraph, Tensor } from "@lowbit/ir";
import { learnScales } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { unpackState } from "../engine/state.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { packRanges } from "./pack-ranges.ts";

const prepared = `net (float[N,2] x) => (float[N,2] y) <
    float[2,2] w = {1.0, 0.0, 0.0, 2.0},
    float low_x = {-1.0}, # buffer
    float high_x = {1.0}, # buffer
    float low_t = {-2.0}, # buffer
    float high_t = {4.0} # buffer
  > {
    sx, zx = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low_x, high_x)
    st, zt = lowbit.QuantizationParameters <qmin = 0, qmax = 255, dtype = "uint8"> (low_t, high_t)
    xq = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, sx, zx)
    t = MatMul (xq, w)
    y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (t, st, zt)
    nlx, nhx = lowbit.ObserveRange <averaging_constant = 0.25> (x, low_x, high_x)
    a = lowbit.Assign (low_x, nlx)
    b = lowbit.Assign (high_x, nhx)
    nlt, nht = lowbit.ObserveRange <averaging_constant = 0.25> (t, low_t, high_t)
    c = lowbit.Assign (low_t, nlt)
    d = lowbit.Assign (high_t, nht)
  }`;

test("ranges packed into vectors move as they do one by one, under their own names", async () => {
  const runner = await StepRunner.create(parseGraph(prepared), {
    loss: meanSquaredError(),
    optimizer: sgd(),
    batch: 2,
  });
  expect(runner.slots.map((slot) => slot.name)).toEqual(["packed_ranges.min", "packed_ranges.max", "w"]);
  const state = runner.initialState();
  const x = Tensor.of("float", [-3, 0.5, 1, 2], [2, 2]);
  await runner.run(state, [{ inputs: { x }, target: Tensor.of("float", [0, 0, 0, 0], [2, 2]), size: 2 }], 1, [0]);
  await runner.release();
  const named = unpackState(runner.slots, state);
  const range = (name: string): number => named.get(name)!.item();
  // x clips to [-1, 1] before it is multiplied: t spans from -1·1 to 1·2, within the steps of 8 bits.
  expect([range("low_x"), range("high_x")]).toEqual([-1.5, 1.25]);
  expect(range("low_t")).toBeCloseTo(-2 + 0.25 * (-1 + 2), 2);
  expect(range("high_t")).toBeCloseTo(4 + 0.25 * (2 - 4), 2);
});

test("ranges that have seen nothing yet are left alone", () => {
  const graph = parseGraph(prepared);
  new GraphEditor(graph).setInitializer(graph.value("low_x")!, Tensor.scalar("float", Infinity));
  expect(packRanges(graph).size).toBe(0);
});

test("learned scales move with the loss", async () => {
  const graph = parseGraph(prepared);
  expect(learnScales(graph)).toBe(2);
  const runner = await StepRunner.create(graph, { loss: meanSquaredError(), optimizer: sgd(), batch: 2 });
  const state = runner.initialState();
  const x = Tensor.of("float", [-3, 0.5, 1, 2], [2, 2]);
  const target = Tensor.of("float", [-3, 1, 1, 4], [2, 2]);
  await runner.run(state, [{ inputs: { x }, target, size: 2 }], 1, [0.01]);
  await runner.release();
  const named = unpackState(runner.slots, state);
  // x is clipped at both ends, on the way to targets that lie further out: its scale must grow.
  expect(named.get("sx.log_ratio")!.item()).toBeGreaterThan(0);
  // t is not clipped: only rounding moves its scale.
  expect(Math.abs(named.get("st.log_ratio")!.item())).toBeLessThan(0.01 * named.get("sx.log_ratio")!.item());
});
