import { newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import type { Feeds } from "@lowbit/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { convert } from "../convert/convert.ts";
import { createPlan, planText, type QuantPlan } from "../plan/plan.ts";
import { fixed, observed, type Granularity, type OwnSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { clipWeights } from "./clip-weights.ts";

/** Weights with one large element in each of the blocks of four of a row, which meets small inputs. */
function outliers(rows: number, columns: number, seed: number): string {
  const noise = seeded(`w${seed}`, "float", [rows * columns]).numbers();
  return [...noise].map((value, i) => (i % 4 === seed % 4 ? 6 * Math.sign(value) : value).toFixed(5)).join(", ");
}

/** Inputs that are small where weights are large, and alike as in real data. */
function inputs(samples: number, columns: number, seed: number): Feeds {
  const noise = seeded(`x${seed}`, "float", [samples * columns]).numbers();
  const x = noise.map((value, i) => (value + Math.sin(Math.floor(i / columns))) * (i % 4 === seed % 4 ? 0.02 : 1));
  return { x: Tensor.of("float", x, [samples, columns]) };
}

const net = (seed: number): Model =>
  newModel(
    parseGraph(`g (float[N,12] x) => (float[N,6] y) <float[6,12] w = {${outliers(6, 12, seed)}}> {
      [dense] y = Gemm <transB = 1> (x, w)
    }`),
  );

function planOf(model: Model, spec: OwnSpec): QuantPlan {
  return createPlan(model.graph, new Map([[model.graph.node("dense")!.operands[1]!, spec]]));
}

function outputs({ graph }: Model, feeds: Feeds): Float32Array {
  return evaluate(graph, new Map(Object.entries(feeds)))
    .get("y")!
    .floats();
}

/** Σ (y - ŷ)² of the converted model. */
function errorOf(model: Model, plan: QuantPlan, feeds: Feeds): number {
  const graph = convert(prepare(model.graph, plan, { mode: "static", ranges: new Map() }));
  const [wanted, found] = [outputs(model, feeds), outputs({ ...model, graph }, feeds)];
  return wanted.reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0);
}

const granularities: readonly Granularity[] = [
  { kind: "tensor" },
  { kind: "channel", axis: 0 },
  { kind: "channel", axis: 1 },
  { kind: "block", axis: 1, size: 4 },
  { kind: "block", axis: 1, size: 5 },
];

test.each(granularities)("large weights that meet small inputs are cut off (%o)", async (granularity) => {
  const [model, feeds] = [net(0), inputs(64, 12, 0)];
  const plan = planOf(model, observed("int4", { range: [-7, 7], symmetric: true, granularity }));
  const before = errorOf(model, plan, feeds);
  const clipped = await clipWeights(model, plan, { data: [feeds], threads: 1 });
  const after = errorOf(model, clipped.plan, feeds);
  // One scale has one share for all rows; along the inputs large weights have scales of their own, which cost no others.
  const isByRow = granularity.kind === "block" || (granularity.kind === "channel" && granularity.axis === 0);
  expect(after / before).toBeLessThan(isByRow ? 0.7 : 0.95);
  // What is told is what the converted model does.
  const [layer] = clipped.layers;
  expect([layer!.whole / before, layer!.clipped / after].map((each) => Math.abs(each - 1) < 1e-3)).toEqual([
    true,
    true,
  ]);
  expect(model.graph.value("w")!.constant!.floats()).toEqual(net(0).graph.value("w")!.constant!.floats());
});

test("no layer gets worse on the data, whatever its weights and codes are", async () => {
  const schemes = fc.record({
    seed: fc.integer({ min: 0, max: 1000 }),
    dtype: fc.constantFrom("int4" as const, "uint4" as const, "int8" as const),
    symmetric: fc.boolean(),
    granularity: fc.constantFrom(...granularities),
  });
  await fc.assert(
    fc.asyncProperty(schemes, async ({ seed, dtype, symmetric, granularity }) => {
      const [model, feeds] = [net(seed), inputs(16, 12, seed + 1)];
      const plan = planOf(model, observed(dtype, { symmetric, granularity }));
      const before = errorOf(model, plan, feeds);
      const { plan: clipped } = await clipWeights(model, plan, { data: [feeds], threads: 1 });
      expect(errorOf(model, clipped, feeds)).toBeLessThanOrEqual(before * (1 + 1e-5));
    }),
    { numRuns: 25 },
  );
});

test("a range that the user pinned stays, and so do weights that nothing is won for", async () => {
  const model = net(0);
  const pinned = planOf(model, fixed("int4", 1, 0));
  const kept = await clipWeights(model, pinned, { data: [inputs(8, 12, 0)], threads: 1 });
  expect(planText(kept.plan)).toBe(planText(pinned));
  // Every weight is a code already.
  const exact = newModel(
    parseGraph(
      `g (float[N,2] x) => (float[N,2] y) <float[2,2] w = {7, -3, 2, -7}> { [dense] y = Gemm <transB = 1> (x, w) }`,
    ),
  );
  const plan = planOf(exact, observed("int4", { range: [-7, 7], symmetric: true }));
  const whole = await clipWeights(exact, plan, { data: [inputs(8, 2, 0)], threads: 1 });
  expect(planText(whole.plan)).toBe(planText(plan));
});
