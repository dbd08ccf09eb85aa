import { GraphEditor, newModel, parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { expect, test } from "vitest";
import { calibrate } from "../calibrate/calibrate.ts";
import { createPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { smoothActivations } from "./smooth-activations.ts";

/** A normalization in front of two products; two of its channels are large and their weights small. */
function net(): Graph {
  const graph = parseGraph(`net (float[4,6,8] x) => (float[4,6,5] p, float[4,6,3] q) <
      float[8] scale = {1, 60, 1, 1, 0.5, 1, 40, 1}, float[8] bias, float[8,5] w1, float[8,3] w2
    > {
      n = LayerNormalization (x, scale, bias)
      [first] p = MatMul (n, w1)
      [second] q = MatMul (n, w2)
    }`);
  const editor = new GraphEditor(graph);
  const scale = graph.value("scale")!.initializer!.floats();
  for (const name of ["w1", "w2"]) {
    const weight = graph.value(name)!;
    const { dims } = weight.initializer!;
    const small = weight.initializer!.floats().map((value, i) => value / scale[Math.floor(i / dims[1]!)]!);
    editor.setInitializer(weight, Tensor.of("float", small, dims));
  }
  return graph;
}

const data = Array.from({ length: 10 }, (_, i) => ({ x: seeded(`x${i}`, "float", [4, 6, 8]) }));

const run = (graph: Graph, x: Tensor): Float32Array =>
  evaluate(graph, new Map([["x", x]]))
    .get("p")!
    .floats();

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / b.reduce((sum, value) => sum + value ** 2, 0));

/** The relative error of `p` with 8-bit codes for all operands, weights with one scale per channel. */
async function errorOf(graph: Graph): Promise<number> {
  const names = new PointNames(graph);
  const weight = observed("int8", { range: [-127, 127], symmetric: true, granularity: { kind: "channel", axis: 1 } });
  const specs = { n: observed("uint8"), "first#B": weight, "second#B": weight };
  const plan = createPlan(
    graph,
    new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
  );
  const { ranges } = await calibrate(newModel(graph), plan, data, { threads: 1 });
  const x = data[0]!.x;
  return distance(run(prepare(graph, plan, { mode: "static", ranges }), x), run(net(), x));
}

test("keeps the function", async () => {
  const graph = net();
  expect(await smoothActivations(newModel(graph), { data, threads: 1 })).toEqual({ smoothed: 1, diagnostics: [] });
  expect(distance(run(graph, data[0]!.x), run(net(), data[0]!.x))).toBeLessThan(1e-6);
});

test("with alpha 0.5, activations and weights reach equally far in each channel", async () => {
  const graph = net();
  await smoothActivations(newModel(graph), { data, alpha: 0.5, threads: 1 });
  new GraphEditor(graph).setOutputs([graph.value("n")!]);
  const normalized = data.map(({ x }) =>
    evaluate(graph, new Map([["x", x]]))
      .get("n")!
      .floats(),
  );
  const weights = ["w1", "w2"].map((name) => graph.value(name)!.initializer!);
  for (let j = 0; j < 8; j++) {
    const activation = Math.max(...normalized.flatMap((each) => [...each.filter((_, i) => i % 8 === j)].map(Math.abs)));
    const rows = weights.flatMap((w) => [...w.floats().subarray(j * w.dims[1]!, (j + 1) * w.dims[1]!)].map(Math.abs));
    expect(activation / Math.max(...rows)).toBeCloseTo(1, 4);
  }
});

test("takes most of the error of outlier channels away", async () => {
  const graph = net();
  const before = await errorOf(graph);
  await smoothActivations(newModel(graph), { data, threads: 1 });
  expect((await errorOf(graph)) / before).toBeLessThan(0.2);
});

test("a normalization that something else reads too is named and left alone", async () => {
  const graph = parseGraph(`net (float[4,6,8] x) => (float[4,6,8] y) <float[8] scale, float[8,8] w> {
      [norm] n = LayerNormalization (x, scale)
      p = MatMul (n, w)
      y = Add (p, n)
    }`);
  const { smoothed, diagnostics } = await smoothActivations(newModel(graph), { data, threads: 1 });
  expect(smoothed).toBe(0);
  expect(diagnostics.map(({ code, where }) => [code, where])).toEqual([["quantize/not-smoothed", { node: "norm" }]]);
});
