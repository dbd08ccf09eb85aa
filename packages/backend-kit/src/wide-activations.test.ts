import { newModel, parseGraph, type Graph } from "@lowbit/ir";
import { observed, planText } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { annotateFromCapabilities, quantizeEverything } from "./annotate.ts";
import type { CapabilityTable } from "./capabilities.ts";
import { onnxRuntimeKernels } from "./onnx-runtime-kernels.ts";
import { planProblems } from "./plan-problems.ts";
import { wideAnchors, withWideActivations } from "./wide-activations.ts";

/** Convolutions, sums and moves of 16 bits beside all of 8 bits. */
const table: CapabilityTable = {
  activation: observed("uint8"),
  weight: { ...observed("int8", { range: [-127, 127], symmetric: true }), granularity: "channel" },
  ops: onnxRuntimeKernels("uint8").map((row) =>
    ["Conv", "Reshape", "Softmax"].includes(row.op) ? { ...row, activations: ["uint8", "uint16"] } : row,
  ),
};

const graph = (): Graph =>
  newModel(
    parseGraph(`g (float[N,4,4,4] x) => (float[N,4,4,4] y) <float[4,4,1,1] w, float[4,4,1,1] v, int64[4] s = {0, 4, 4, 4}> {
      [a] t = Conv (x, w)
      [r] u = Reshape (t, s)
      [b] m = Conv (u, v)
      [sig] n = Sigmoid (m)
      [soft] y = Softmax <axis = 1> (n)
    }`),
  ).graph;

test("only what has kernels for it can have 16 bits", () => {
  const names = [...wideAnchors(graph(), table)].map(({ name }) => name);
  expect(names).toEqual(["a", "r", "b", "soft"]);
  expect(wideAnchors(graph(), { ...table, activation: observed("uint16") }).size).toBe(0);
});

test("what is read and given gets 16 bits; moves follow, and other readers convert", () => {
  const plan = annotateFromCapabilities(graph(), table, quantizeEverything);
  const named = (...names: string[]) => new Set([...plan.graph.nodes].filter(({ name }) => names.includes(name)));
  const wide = withWideActivations(plan, table, named("a", "soft"));
  expect(planText(wide)).toMatchInlineSnapshot(`
    "a#X = uint16 per-tensor affine
    a#W = int8 -127..127 per-channel(0) symmetric
    t = uint16 per-tensor affine
    r#data = shared(t)
    u = shared(t)
    b#X = uint8 per-tensor affine
    b#W = int8 -127..127 per-channel(0) symmetric
    m = uint8 per-tensor affine
    sig#X = shared(m)
    n = uint8 fixed(scale 0.00390625, zero point 0)
    soft#input = uint16 fixed(scale 0.0000152587890625, zero point 0)
    y = uint16 fixed(scale 0.0000152587890625, zero point 0)"
  `);
  expect(planProblems(wide, table)).toEqual([]);
  expect(planText(withWideActivations(plan, table, named()))).toBe(planText(plan));
});
