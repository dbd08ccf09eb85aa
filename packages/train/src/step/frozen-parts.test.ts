import { modelNodes, parseGraph, rulesOf, type Graph } from "@lowbit/ir";
import { globMatcher } from "@lowbit/quantize";
import { expect, test } from "vitest";
import { meanSquaredError } from "../loss/regression.ts";
import { adam } from "../optimizer/adam.ts";
import { trainStep, type TrainStep, type TrainStepOptions } from "./train-step.ts";

/** Four layers with a skip connection around the third. */
const net = (): Graph =>
  parseGraph(
    `net (float[N,6] x) => (float[N,5] y) <
      float[6,8] layer1.w, float[8] layer1.b, float[8,9] layer2.w, float[9,9] layer3.w, float[9] layer3.b,
      float[9] g, float[9] b, float[9] mean, float[9] var, float[9,5] layer4.w, float[5] layer4.b
    > {
      [layer1] a = Gemm (x, "layer1.w", "layer1.b")
      [relu1] h1 = Relu (a)
      [layer2] h2 = MatMul (h1, "layer2.w")
      [norm] n = BatchNormalization (h2, g, b, mean, var)
      [relu2] r = Relu (n)
      [layer3] c = Gemm (r, "layer3.w", "layer3.b")
      [skip] s = Add (r, c)
      [tanh] t = Tanh (s)
      [layer4] y = Gemm (t, "layer4.w", "layer4.b") }`.replaceAll(/(float\[[\d,]+\] )(layer\d\.\w)/g, '$1"$2"'),
  );

function step(parameters: readonly string[], changes: Partial<TrainStepOptions> = {}): TrainStep {
  return trainStep(net(), { loss: meanSquaredError(), optimizer: adam(), batch: 3, parameters, ...changes });
}

/** How many gradient nodes of a step were made for each node of the model. */
function gradientNodes({ graph }: TrainStep): Readonly<Record<string, number>> {
  const own = new Set([...net().nodes].map((node) => node.label));
  const counts: Record<string, number> = {};
  for (const { origin } of graph.nodes) {
    if (!rulesOf(origin).includes("gradient")) continue;
    for (const name of modelNodes(origin)) if (own.has(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test.each([
  [["layer4.b"], ["layer4"]],
  [["layer4.*"], ["layer4"]],
  [
    ["layer3.*", "layer4.*"],
    ["layer3", "layer4", "tanh"],
  ],
  [["layer3.*"], ["layer3", "layer4", "tanh"]],
  // The addition passes its gradient on without a node.
  [["layer2.*"], ["layer2", "layer3", "layer4", "norm", "relu2", "tanh"]],
])("with %j trained, only what lies between it and the loss has gradient nodes", (parameters, nodes) => {
  const made = step(parameters, { batchNormalization: "frozen" });
  expect(Object.keys(gradientNodes(made)).toSorted()).toEqual(nodes);
  const trained = made.state.filter(({ role }) => role === "parameter").flatMap(({ parts }) => parts);
  const wanted = [...net().initializers].filter(({ name }) => parameters.some((glob) => globMatcher(glob)(name)));
  expect(trained.map(({ name }) => name).toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
});

test("a frozen layer behind the first trained one hands its gradient on and computes none of its own", () => {
  const frozen = gradientNodes(step(["layer3.*"]));
  const trained = gradientNodes(step(["layer3.*", "layer4.*"]));
  expect(frozen["layer4"]).toBe(1);
  expect(trained["layer4"]).toBeGreaterThan(2);
});

test("the more is frozen the fewer nodes a step has", () => {
  const selections = [
    ["layer*", "g", "b"],
    ["layer2.*", "layer3.*", "layer4.*"],
    ["layer3.*", "layer4.*"],
    ["layer4.*"],
  ];
  const counts = selections.map((parameters) => [...step(parameters).graph.nodes].length);
  expect(counts).toEqual(counts.toSorted((a, b) => b - a));
  expect(new Set(counts).size).toBe(counts.length);
});
