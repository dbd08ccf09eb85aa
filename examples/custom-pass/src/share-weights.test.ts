import { cloneModel, interpret, parseModel, printGraph, runPasses, Tensor, type Model } from "lowbit";
import { expect, test } from "vitest";
import { shareWeights } from "./share-weights.ts";

const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
  twice (float[2] x) => (float[2] y)
  <float[2] a = {1, 2}, float[2] b = {1, 2}, float[2] c = {3, 4}> {
    s = Add (x, a)
    t = Mul (s, b)
    y = Sub (t, c)
  }`);

function outputOf({ graph }: Model): Float64Array {
  return interpret(graph, new Map([["x", Tensor.of("float", [5, 6])]]))
    .get("y")!
    .numbers();
}

test("equal weights become one, once and for all", () => {
  const shared = cloneModel(model);
  const pass = shareWeights.with({ minBytes: 0 });
  runPasses(shared, [pass], { verifyEach: true });
  expect(printGraph(shared.graph)).toMatchInlineSnapshot(`
    "twice (float[2] x) => (float[2] y)
    <float[2] a = {1, 2}, float[2] c = {3, 4}> {
      s = Add (x, a)
      t = Mul (s, a)
      y = Sub (t, c)
    }"
  `);
  expect(runPasses(shared, [pass]).changed).toBe(0);
  expect(outputOf(shared)).toEqual(outputOf(model));
});

test("small weights are left alone", () => {
  expect(runPasses(cloneModel(model), [shareWeights]).changed).toBe(0);
});
