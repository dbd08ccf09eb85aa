import { GraphEditor, newModel, parseGraph, seeded, type Graph, type Tensor } from "@lowbit/ir";
import { composeConvBatchNormalization } from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { describe, expect, test } from "vitest";
import { unpackState, withState } from "../engine/state.ts";
import { StepRunner } from "../engine/step-runner.ts";
import { meanSquaredError } from "../loss/regression.ts";
import { sgd } from "../optimizer/sgd.ts";

/** Linear ops before a BatchNormalization of four channels: node text, weight shape, axis of the channels, shapes of data. */
const forms = {
  Conv: { node: "Conv <pads = [1, 1, 1, 1]> (x, w)", weight: [4, 3, 3, 3], axis: 0, x: [3, 5, 5], y: [4, 5, 5] },
  "depthwise Conv": { node: "Conv <group = 4> (x, w)", weight: [4, 1, 3, 3], axis: 0, x: [4, 5, 5], y: [4, 3, 3] },
  ConvTranspose: {
    node: "ConvTranspose <strides = [2, 2]> (x, w)",
    weight: [3, 4, 3, 3],
    axis: 1,
    x: [3, 3, 3],
    y: [4, 7, 7],
  },
  Gemm: { node: "Gemm (x, w)", weight: [5, 4], axis: 1, x: [5], y: [4] },
} as const;

const batch = 4;
/** Channels 0 and 2 are switched off. */
const gamma = [0, 1, 0, -0.5];

/** One composite with int8 weights: a scale per channel, one for all, or per channel with a least scale. */
function graphOf({ node, weight, axis, x, y }: (typeof forms)[keyof typeof forms], scales: Scales): Graph {
  const graph = parseGraph(`g (float[N,${x.join(",")}] x) => (float[N,${y.join(",")}] y)
  <float[${weight.join(",")}] w, float[4] gamma = {${gamma.join(", ")}}, float[4] beta, float[4] mean, float[4] variance> {
    c = ${node}
    y = BatchNormalization <epsilon = 0.001> (c, gamma, beta, mean, variance)
  }`);
  runPasses(newModel(graph), [composeConvBatchNormalization]);
  const editor = new GraphEditor(graph);
  const composite = graph.nodes.first!;
  const attributes = { weight_dtype: "int8", weight_qmin: -127, weight_qmax: 127 };
  for (const [name, value] of Object.entries(attributes)) editor.setAttribute(composite, name, value);
  if (scales !== "per tensor") editor.setAttribute(composite, "weight_axis", axis);
  if (scales === "with a least scale") editor.setAttribute(composite, "weight_eps", 2 ** -12);
  return graph;
}

type Scales = "per channel" | "per tensor" | "with a least scale";

async function trained(graph: Graph, batchNormalization: "train" | "frozen", steps: number): Promise<Graph> {
  const options = { loss: meanSquaredError(), optimizer: sgd(), batch, batchNormalization };
  const runner = await StepRunner.create(graph, options, { threads: 1 });
  const state = runner.initialState();
  const dims = (name: "x" | "y"): readonly number[] => [batch, ...(graph.value(name)!.shape!.slice(1) as number[])];
  const [x, target] = [seeded("input", "float", dims("x")), seeded("wanted", "float", dims("y"))];
  for (let step = 1; step <= steps; step++) {
    await runner.run(state, [{ inputs: { x }, target, size: batch }], step, [0.1]);
  }
  await runner.release();
  return withState(graph, unpackState(runner.slots, state));
}

function data(graph: Graph, name: string): Tensor {
  return graph.value(name)!.initializer!;
}

/** Which output channels of the weights differ. */
function movedChannels(before: Graph, after: Graph, axis: 0 | 1): readonly number[] {
  const { dims } = data(before, "w");
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const old = data(before, "w").floats();
  const moved = new Set<number>();
  data(after, "w")
    .floats()
    .forEach((value, i) => {
      if (value !== old[i]) moved.add(Math.floor(i / inner) % dims[axis]!);
    });
  return [...moved].toSorted((a, b) => a - b);
}

describe.each(Object.keys(forms) as (keyof typeof forms)[])("%s with gammas of 0", (form) => {
  const cases = (["per channel", "per tensor", "with a least scale"] as const).flatMap((scales) =>
    (["train", "frozen"] as const).map((statistics) => [statistics, scales] as const),
  );

  test.each(cases)(
    "statistics %s, scales %s: has finite gradients that are 0 where nothing depends",
    async (statistics, scales) => {
      const graph = graphOf(forms[form], scales);
      const once = await trained(graph, statistics, 1);
      // y = gamma · normalized + beta: no weight of a channel with gamma 0 matters, and its gamma does.
      expect(movedChannels(graph, once, forms[form].axis)).toEqual([1, 3]);
      data(once, "gamma")
        .floats()
        .forEach((value, i) => expect(value).not.toBe(gamma[i]));
      const later = await trained(graph, statistics, 6);
      expect(movedChannels(graph, later, forms[form].axis)).toEqual([0, 1, 2, 3]);
      for (const value of later.initializers) {
        expect([value.name, value.initializer!.floats().every(Number.isFinite)]).toEqual([value.name, true]);
      }
    },
  );
});
