import { parseGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import {
  createPlan,
  foldClampIntoQuantize,
  freezeObservers,
  observed,
  PointNames,
  prepare,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { expect, test } from "vitest";
import { StepRunner } from "../engine/step-runner.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";
import { trainStep, type TrainStepOptions } from "./train-step.ts";

/** A convolution, a clamp on both sides and a product, all quantized. */
function prepared(freeze = true, last: "scores" | "probabilities" = "scores"): Graph {
  const ends = last === "scores" ? "" : "p = Softmax <axis = 1> (y)";
  const graph = parseGraph(`g (float[N,3,6,6] x) => (float[N,5] ${last === "scores" ? "y" : "p"})
  <float[4,3,3,3] w, float[4] b = {0.3, -0.2, 0.1, 0.4}, float low = {0.0}, float high = {1.5}, float[144,5] v, float[5] d> {
    [conv] c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
    r = Clip (c, low, high)
    f = Flatten (r)
    [dense] y = Gemm (f, v, d)
    ${ends}
  }`);
  const names = new PointNames(graph);
  const weight = (axis: number): QuantSpec =>
    observed("int8", { range: [-127, 127], symmetric: true, granularity: { kind: "channel", axis } });
  const specs: readonly (readonly [string, QuantSpec, readonly [number, number]])[] = [
    ["conv#X", observed("uint8"), [-1, 1]],
    ["conv#W", weight(0), [0, 0]],
    ["r", observed("uint8"), [0, 1.5]],
    ["f", { kind: "shared", with: names.find("r")! }, [0, 1.5]],
    ["dense#B", weight(1), [0, 0]],
    ["y", observed("uint8"), [-3, 3]],
    ...(last === "scores" ? [] : [["p", observed("uint8"), [0, 1]] as const]),
  ];
  const points = specs.map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name)!, spec]);
  const plan = createPlan(graph, new Map(points));
  const ranges = new Map(points.map(([point], i) => [point, { min: [specs[i]![2][0]], max: [specs[i]![2][1]] }]));
  const result = prepare(graph, plan, { mode: "qat", ranges });
  if (freeze) freezeObservers(result);
  return result;
}

const options: TrainStepOptions = {
  loss: meanSquaredError(),
  optimizer: sgd(),
  batch: 4,
  batchNormalization: "frozen",
};
const integers: TrainStepOptions = { ...options, integerForward: { lower: [foldClampIntoQuantize] } };

/** How far one step at rate 1 moves each parameter: the gradient. */
async function gradient(settings: TrainStepOptions): Promise<Float32Array> {
  const runner = await StepRunner.create(prepared(), settings);
  const state = runner.initialState();
  const slot = runner.slots[0]!.name;
  const before = state.get(slot)!.floats().slice();
  const batch = { inputs: { x: seeded("x", "float", [4, 3, 6, 6]) }, target: seeded("t", "float", [4, 5]), size: 4 };
  await runner.run(state, [batch], 1, [1]);
  const after = state.get(slot)!.floats();
  await runner.release();
  return before.map((value, i) => value - after[i]!);
}

test("gradients go straight through the integer operators, as through fake quantization", async () => {
  const [fake, integer] = [await gradient(options), await gradient(integers)];
  const norm = Math.hypot(...fake);
  expect(norm).toBeGreaterThan(0.1);
  expect(Math.hypot(...fake.map((value, i) => value - integer[i]!)) / norm).toBeLessThan(0.02);
});

test("the float forward is gone where integers took its place", () => {
  const ops = [...trainStep(prepared(), integers).graph.nodes].map((node) => node.op);
  expect(ops).toContain("QLinearConv");
  expect(ops).toContain("QGemm");
  // One convolution is left: the gradient of the weights.
  expect(ops.filter((op) => op === "Conv")).toHaveLength(1);
});

test("a loss compares the codes of the scores before a Softmax, as if there were none", async () => {
  const losses: number[] = [];
  for (const last of ["scores", "probabilities"] as const) {
    const runner = await StepRunner.create(prepared(true, last), { ...integers, loss: crossEntropy() });
    const target = Tensor.of("int64", [0, 1, 2, 3]);
    const batch = { inputs: { x: seeded("x", "float", [4, 3, 6, 6]) }, target, size: 4 };
    const state = runner.initialState();
    for (const step of [1, 2, 3]) losses.push(...(await runner.run(state, [batch], step, [0.1])));
    await runner.release();
  }
  expect(new Set(losses.slice(0, 3)).size).toBe(3);
  expect(losses.slice(3)).toEqual(losses.slice(0, 3));
  const ops = (["scores", "probabilities"] as const).map((last) =>
    [...trainStep(prepared(true, last), { ...integers, loss: crossEntropy() }).graph.nodes]
      .map(({ op }) => op)
      .toSorted(),
  );
  expect(ops[1]).toEqual(ops[0]);
});

test("an integer forward does not follow ranges that move", () => {
  expect(() => trainStep(prepared(false), integers)).toThrow(
    "the integer forward needs frozen ranges and statistics, but the range of x still moves",
  );
});
