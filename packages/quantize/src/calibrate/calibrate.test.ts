import { CompileError, newModel, parseGraph, Tensor, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { composeConvBatchNormalization } from "../conv-batch-normalization/compose.ts";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, observerNames, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import type { CalibrateOptions } from "./calibration-options.ts";
import { calibrate, type Calibration } from "./calibrate.ts";
import type { Range } from "./ranges.ts";

const activation = observed("uint8");

const model: Model = newModel(
  parseGraph(`g (float[N,2] x) => (float[N,4] y) {
    [relu] r = Relu (x)
    [minus] n = Neg (r)
    [cat] y = Concat <axis = 1> (r, n)
  }`),
);

function planOf(specs: Readonly<Record<string, QuantSpec | string>>): QuantPlan {
  const names = new PointNames(model.graph);
  const entries = Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [
    names.find(name)!,
    typeof spec === "string" ? { kind: "shared", with: names.find(spec)! } : spec,
  ]);
  return createPlan(model.graph, new Map(entries));
}

/** Batches of rows of two numbers. */
function batches(...rows: readonly (readonly number[])[]): readonly Feeds[] {
  return rows.map((values) => ({ x: Tensor.of("float", values, [values.length / 2, 2]) }));
}

/** The ends of each range, by the name of its point. */
async function rangesOf(
  plan: QuantPlan,
  data: readonly Feeds[],
  options?: CalibrateOptions,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const names = new PointNames(plan.graph);
  const { ranges } = await calibrate(model, plan, data, options);
  const ends = ({ min, max }: Range): readonly number[] => [...min, ...max].map((end) => (end === 0 ? 0 : end));
  return Object.fromEntries([...ranges].map(([point, range]) => [names.of(point), ends(range)]));
}

async function caught(run: Promise<Calibration>): Promise<CompileError> {
  const error = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof CompileError) return error;
  throw new Error("no CompileError was thrown");
}

describe("calibration", () => {
  test("finds the extremes of values and of graph inputs over batches of different sizes", async () => {
    const plan = planOf({ "relu#X": activation, r: activation, "cat#inputs1": activation });
    expect(await rangesOf(plan, batches([-1, 2, 3, -4], [0.5, 8]))).toEqual({
      "relu#X": [-4, 8],
      r: [0, 8],
      "cat#inputs1": [-8, 0],
    });
  });

  test("gives a group the range of all its members", async () => {
    const plan = planOf({ r: activation, "cat#inputs0": "r", "cat#inputs1": "r", y: "r" });
    expect(await rangesOf(plan, batches([-1, 2, 3, -4]))).toEqual({ r: [-3, 3] });
  });

  test("counts batches and samples, and warns when there are few", async () => {
    const data = batches([1, 2, 3, 4], [5, 6]);
    const { batches: count, samples, diagnostics } = await calibrate(model, planOf({ r: activation }), data);
    expect([count, samples, diagnostics.map((each) => each.code)]).toEqual([2, 3, ["quantize/few-samples"]]);
  });

  test("warns about a value that is always 0", async () => {
    const rows = Array.from({ length: 64 }, () => -1);
    const { diagnostics } = await calibrate(model, planOf({ r: activation }), batches(rows));
    expect(diagnostics.map((each) => [each.code, each.where?.value])).toEqual([["quantize/degenerate-range", "r"]]);
  });

  test("warns about a value that is always the same", async () => {
    const rows = Array.from({ length: 64 }, () => 3);
    const { diagnostics } = await calibrate(model, planOf({ r: activation }), batches(rows));
    expect(diagnostics.map(({ message }) => message)).toEqual(['"r" was 3 in all calibration samples']);
  });

  test("observes per channel where the spec says so", async () => {
    const plan = planOf({ "relu#X": observed("int8", { granularity: { kind: "channel", axis: 1 } }) });
    const data = batches([-1, 2, 3, -4], [0.5, 8]);
    const expected = { "relu#X": [-1, -4, 3, 8] };
    expect(await rangesOf(plan, data)).toEqual(expected);
    expect(await rangesOf(plan, data, { observer: "percentile", percentile: 100 })).toEqual(expected);
  });

  test.each(observerNames)("with the observer %s stays inside the extremes", async (observer) => {
    const plan = planOf({ "relu#X": activation, r: activation });
    const ranges = await rangesOf(plan, batches([-1, 2, 3, -4]), { observer });
    expect(Object.keys(ranges)).toEqual(["relu#X", "r"]);
    for (const [low, high] of Object.values(ranges)) {
      expect(low).toBeGreaterThanOrEqual(-4);
      expect(high).toBeLessThanOrEqual(3);
    }
  });

  test("takes data that arrives over time", async () => {
    async function* later(): AsyncGenerator<Feeds> {
      for (const feeds of batches([1, 2], [3, 4])) {
        await Promise.resolve();
        yield feeds;
      }
    }
    const seen: number[] = [];
    await calibrate(model, planOf({ r: activation }), later(), { progress: (samples) => seen.push(samples) });
    expect(seen).toEqual([1, 2]);
  });
});

describe("calibration refuses", () => {
  test("an empty set of data", async () => {
    const { diagnostic } = await caught(calibrate(model, planOf({ r: activation }), []));
    expect(diagnostic.code).toBe("quantize/no-calibration-data");
  });

  test.each(["min-max", "histogram"] as const)(
    "values that are not finite, naming value and sample (%s)",
    async (observer) => {
      const plan = planOf({ "cat#inputs1": activation });
      for (const bad of [NaN, Infinity]) {
        const data = batches([1, 2], [3, 4, 5, bad]);
        const { diagnostic } = await caught(calibrate(model, plan, data, { observer }));
        expect([diagnostic.code, diagnostic.message]).toEqual([
          "quantize/not-finite",
          '"n" is NaN or infinite in calibration sample 2 (the first is 0)',
        ]);
      }
    },
  );

  test.each([1, 15, 16.5])("histograms of %d bins, which cannot tell one range from another", async (bins) => {
    const { diagnostic } = await caught(
      calibrate(model, planOf({ r: activation }), batches([1, 2]), { observer: "histogram", bins }),
    );
    expect(diagnostic.code).toBe("quantize/bins");
    expect(diagnostic.message).toContain(`${bins} bins: it takes a whole number of at least 16`);
  });

  test("a plan for another graph", async () => {
    const other = newModel(parseGraph("h (float[1] x) => (float[1] y) { y = Relu (x) }"));
    const { diagnostic } = await caught(calibrate(other, planOf({ r: activation }), batches([1, 2])));
    expect(diagnostic.code).toBe("quantize/plan-graph");
  });
});

test("a convolution that training keeps with its normalization is calibrated in the form that is deployed", async () => {
  const composed = newModel(
    parseGraph(`g (float[N,1,1,1] x) => (float[N,1,1,1] y)
    <float[1,1,1,1] w = {2}, float[1] gamma = {3}, float[1] beta = {1}, float[1] mean = {4}, float[1] variance = {0}> {
      c = Conv (x, w)
      [bn] b = BatchNormalization <epsilon = 1> (c, gamma, beta, mean, variance)
      y = Relu (b)
    }`),
  );
  runPasses(composed, [composeConvBatchNormalization]);
  const names = new PointNames(composed.graph);
  const plan = createPlan(composed.graph, new Map([[names.find("b")!, activation]]));
  const { ranges } = await calibrate(composed, plan, [{ x: Tensor.of("float", [0, 5], [2, 1, 1, 1]) }]);
  // 3 · (2x - 4) + 1 at x = 0 and x = 5.
  expect([...ranges.values()]).toEqual([{ min: [-11], max: [19] }]);
});
