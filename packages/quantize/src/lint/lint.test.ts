import { parseGraph, type Diagnostic } from "@lowbit/ir";
import { expect, test } from "vitest";
import { createPlan, type QuantPlan } from "../plan/plan.ts";
import { PointNames } from "../plan/point-names.ts";
import { observed, type QuantPoint, type QuantSpec } from "../plan/spec.ts";
import { prepare } from "../prepare/prepare.ts";
import { lintPlan } from "./lint-plan.ts";
import { lintTraining } from "./lint-training.ts";

const weight = observed("int8", { range: [-127, 127], symmetric: true });

function planOf(text: string, specs: Readonly<Record<string, QuantSpec>>): QuantPlan {
  const graph = parseGraph(text);
  const names = new PointNames(graph);
  return createPlan(
    graph,
    new Map(Object.entries(specs).map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec])),
  );
}

const findings = (diagnostics: readonly Diagnostic[]): readonly unknown[] =>
  diagnostics.map(({ code, where }) => [code, where]);

const normalized = `net (float[1,2,4,4] x) => (float[1,3,4,4] y) <
    float[3,2,1,1] w, float[3] gamma = {1, 0.000001, 0}, float[3] beta, float[3] mean, float[3] variance = {1, 1, 1}
  > {
    [conv] c = Conv (x, w)
    [norm] y = BatchNormalization (c, gamma, beta, mean, variance)
  }`;

test("a normalization left behind a quantized layer is named, and so are gammas near 0", () => {
  const diagnostics = lintPlan(planOf(normalized, { "conv#W": weight }));
  expect(findings(diagnostics)).toEqual([
    ["quantize/unfolded-normalization", { node: "norm" }],
    ["quantize/gamma-near-zero", { node: "norm", value: "gamma" }],
  ]);
  expect(diagnostics[1]!.message).toMatchInlineSnapshot(
    `"BatchNormalization "norm": gamma "gamma" is nearly 0 in 2 channels (1, 2)"`,
  );
});

test("a normalization behind a float layer is fine", () => {
  expect(findings(lintPlan(planOf(normalized.replace("0.000001, 0", "1, 1"), {})))).toEqual([]);
});

const tied = `net (float[2,2] x) => (float[2,2] y) <float[2,2] w> {
    [one] a = MatMul (x, w)
    [two] y = MatMul (a, w)
  }`;

test("a weight with codes of its own for each reader is named", () => {
  const plan = planOf(tied, { "one#B": weight, "two#B": weight });
  expect(findings(lintPlan(plan))).toEqual([["quantize/tied-weights", { value: "w" }]]);
});

test("a weight whose readers share one spec is fine", () => {
  expect(lintPlan(planOf(tied, { w: weight }))).toEqual([]);
});

test("blocks that no kernel reads are named once per size", () => {
  const blocks = (size: number): QuantSpec =>
    observed("int4", { symmetric: true, granularity: { kind: "block", axis: 0, size } });
  const diagnostics = lintPlan(planOf(tied, { "one#B": blocks(8), "two#B": blocks(8) }));
  expect(findings(diagnostics)).toContainEqual(["quantize/slow-blocks", { value: "w" }]);
  for (const size of [3, 15, 24]) expect(findings(lintPlan(planOf(tied, { w: blocks(size) })))).toHaveLength(1);
  for (const size of [16, 32, 128]) expect(lintPlan(planOf(tied, { w: blocks(size) }))).toEqual([]);
});

test("layers inside control flow are counted, since no plan reaches them", () => {
  const text = `net (bool c, float[1,2] x) => (float[1,2] y) <float[2,2] w> {
    [choice] y = If (c) <
      then_branch = t () => (float[1,2] a) { h = MatMul (x, w) a = MatMul (h, w) },
      else_branch = e () => (float[1,2] b) { b = Relu (x) }
    >
  }`;
  const [found, ...others] = lintPlan(planOf(text, {}));
  expect(others).toEqual([]);
  expect(found!.message).toBe('2 layers inside If "choice" stay float: only nodes of the main graph are quantized');
});

test("training that rounds nothing is named", () => {
  const { graph } = planOf(tied, {});
  expect(findings(lintTraining(graph, { learningRate: 1 }))).toEqual([["quantize/rounds-nothing", undefined]]);
});

test("a high learning rate is named where something is rounded", () => {
  const plan = planOf(tied, { w: weight });
  const graph = prepare(plan.graph, plan, { mode: "qat" });
  expect(findings(lintTraining(graph, { learningRate: 0.002 }))).toEqual([["quantize/high-learning-rate", undefined]]);
  expect(lintTraining(graph, { learningRate: 0.001 })).toEqual([]);
});

test("a range that no data filled is named", () => {
  const plan = planOf(tied, { x: observed("uint8"), a: observed("uint8") });
  const ranges = new Map([[plan.graph.value("a")!, { min: [-1], max: [1] }]]);
  const graph = prepare(plan.graph, plan, { mode: "qat", ranges });
  const diagnostics = lintTraining(graph, { learningRate: 1e-4 });
  expect(diagnostics.map(({ code, severity, where }) => [code, severity, where])).toEqual([
    ["quantize/never-observed", "warning", { value: "x" }],
  ]);
});
