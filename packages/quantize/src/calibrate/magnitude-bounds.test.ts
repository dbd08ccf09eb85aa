import { newModel, parseGraph, Tensor, type CompileError, type Graph } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { createPlan } from "../plan/plan.ts";
import { observed } from "../plan/spec.ts";
import { calibrate } from "./calibrate.ts";
import { MagnitudeBounds } from "./magnitude-bounds.ts";

function provenIn(graph: Graph, x: number): readonly string[] {
  return [...new MagnitudeBounds(graph).proven(new Map([[graph.value("x")!, x]]))].map(({ name }) => name);
}

describe("a bound proves that values are finite", () => {
  const graph = parseGraph(`g (float[N,2] x, float[N,2] z) => (y)
  <float[2,2] w = {1, -2, 3, 4}, float[2] b = {5, 6}, float[2] far = {3e38, 0}, float[2,2] broken = {1, 2, nan, 4}> {
      product = Gemm (x, w, b)
      r = Relu (product)
      s = Add (r, x)
      p = Mul (s, product)
      unit = Sigmoid (p)
      power = Pow (x, b)
      behind = Relu (power)
      other = Add (x, z)
      large = Add (x, far)
      nothing = MatMul (x, broken)
      y = Sum (behind, other, large, nothing, unit)
    }`);

  test("through sums and products, but not behind what is unknown, too large or NaN", () => {
    expect(provenIn(graph, 1)).toEqual(["product", "r", "s", "p", "unit"]);
  });

  test("as far as it stays below what float32 holds", () => {
    // |product| <= 10 x + 6, |s| <= 11 x + 6, |p| <= 110 x² + ..., and 1.1e37 is too large.
    expect(provenIn(graph, 3e17)).toEqual(["product", "r", "s", "p", "unit"]);
    expect(provenIn(graph, 4e17)).toEqual(["product", "r", "s"]);
    expect(provenIn(graph, 9.5e35)).toEqual(["product", "r"]);
    expect(provenIn(graph, Infinity)).toEqual([]);
  });
});

describe("calibration without sums", () => {
  const model = newModel(
    parseGraph(`g (float[N,1,2,2] x) => (y) <float[2,1,2,2] w = {1, 1, 1, 1, 1, -1, 1, -1}> {
      c = Conv (x, w)
      y = Relu (c)
    }`),
  );
  const plan = createPlan(
    model.graph,
    new Map(["x", "c", "y"].map((name) => [model.graph.value(name)!, observed("uint8")] as const)),
  );
  const images = (...rows: readonly (readonly number[])[]): Tensor =>
    Tensor.of("float", rows.flat(), [rows.length, 1, 2, 2]);

  test("looks again where sums are near the end of float32, and finds them finite or not", async () => {
    const near = await calibrate(model, plan, [{ x: images([1, 2, 3, 4], [1e37, 1e37, 1e37, 1e37]) }]);
    expect([...near.ranges.values()].at(-1)!.max[0]! / 4e37).toBeCloseTo(1, 6);
    const beyond = calibrate(model, plan, [{ x: images([1, 2, 3, 4], [2e38, 2e38, 2e38, 2e38]) }]);
    const { diagnostic } = await beyond.then(
      () => Promise.reject(new Error("it went through")),
      (error: unknown) => error as CompileError,
    );
    expect(diagnostic.message).toBe('"c" is NaN or infinite in calibration sample 1 (the first is 0)');
  });

  test.each([NaN, Infinity, -Infinity])("finds %s where the model reads it", async (bad) => {
    const run = calibrate(model, plan, [{ x: images([1, 2, 3, 4]) }, { x: images([0, 0, 0, 0], [1, bad, 3, 4]) }]);
    await expect(run).rejects.toThrow('"x" is NaN or infinite in calibration sample 2 (the first is 0)');
  });
});
