import { CompileError, GraphEditor, newModel, parseGraph, printGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import {
  composeConvBatchNormalization,
  createPlan,
  observed,
  PointNames,
  prepare,
  type QuantPoint,
  type QuantSpec,
} from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { arrays } from "../data/arrays.ts";
import type { Augmentation } from "../data/augment/augmentation.ts";
import { reestimateBatchNormalization } from "./reestimate-batch-normalization.ts";

const samples = 12;

function twice(): Graph {
  return parseGraph(`g (float[N,2,5,5] x) => (float[N,3,5,5] y)
  <float[4,2,3,3] w, float[4] g1 = {1, -0.5, 2, 0.7}, float[4] b1, float[4] m1, float[4] v1 = {0.5, 1, 2, 0.3},
   float[3,4,1,1] u, float[3] c, float[3] g2, float[3] b2, float[3] m2, float[3] v2 = {1, 2, 0.5}> {
    [first] a = Conv <pads = [1, 1, 1, 1]> (x, w)
    n = BatchNormalization <epsilon = 0.01> (a, g1, b1, m1, v1)
    r = Relu (n)
    [second] d = Conv (r, u, c)
    y = BatchNormalization (d, g2, b2, m2, v2)
  }`);
}

/** The same as one node per convolution and normalization, with everything in 8 bits. */
function prepared(granularity: "tensor" | "channel"): Graph {
  const graph = twice();
  runPasses(newModel(graph), [composeConvBatchNormalization]);
  const names = new PointNames(graph);
  const kind = granularity === "tensor" ? { kind: "tensor" as const } : { kind: "channel" as const, axis: 0 };
  const weight = observed("int8", { range: [-127, 127], symmetric: true, granularity: kind });
  const specs = new Map(
    [
      ["first#X", observed("uint8")],
      ["first#W", weight],
      ["r", observed("uint8")],
      ["second#W", weight],
    ].map(([name, spec]): [QuantPoint, QuantSpec] => [names.find(name as string)!, spec as QuantSpec]),
  );
  const ranges = new Map([
    [names.find("first#X")!, { min: [-3], max: [3] }],
    [names.find("r")!, { min: [0], max: [4] }],
  ]);
  return prepare(graph, createPlan(graph, specs), { mode: "qat", ranges });
}

const x = seeded("samples", "float", [samples, 2, 5, 5]);
const data = arrays({ x });

/** Mean and population variance per channel of a [N,C,H,W] tensor, in plain loops. */
function statisticsOf(tensor: Tensor): { readonly mean: number[]; readonly variance: number[] } {
  const [batch, channels, height, width] = tensor.dims as [number, number, number, number];
  const values = tensor.numbers();
  const ofChannel = (channel: number): number[] =>
    Array.from({ length: batch }, (_, n) =>
      Array.from(
        values.subarray((n * channels + channel) * height * width, (n * channels + channel + 1) * height * width),
      ),
    ).flat();
  const average = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const all = Array.from({ length: channels }, (_, channel) => ofChannel(channel));
  const mean = all.map(average);
  const variance = all.map((numbers, channel) => average(numbers.map((value) => (value - mean[channel]!) ** 2)));
  return { mean, variance };
}

/** What the interpreter makes of a value of a graph whose normalizations all normalize by their batch. */
function byBatch(graph: Graph, name: string): Tensor {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) if (node.is("BatchNormalization")) editor.setAttribute(node, "training_mode", 1);
  return evaluate(graph, new Map([["x", x]]), { outputs: [graph.value(name)!] }).get(name)!;
}

function expectClose(tensor: Tensor | undefined, expected: readonly number[]): void {
  tensor!.floats().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
}

const statistics = (graph: Graph, name: string): Tensor => graph.value(name)!.initializer!;

test("the first normalization gets the statistics of all samples, however they are split into batches", async () => {
  const { mean, variance } = statisticsOf(byBatch(twice(), "a"));
  for (const batch of [12, 4, 3]) {
    const graph = await reestimateBatchNormalization(twice(), { data, batch });
    expectClose(statistics(graph, "m1"), mean);
    expectClose(statistics(graph, "v1"), variance);
  }
});

test("a later one sees what the ones before make of their batch", async () => {
  const graph = await reestimateBatchNormalization(twice(), { data, batch: samples });
  const { mean, variance } = statisticsOf(byBatch(twice(), "d"));
  expectClose(statistics(graph, "m2"), mean);
  expectClose(statistics(graph, "v2"), variance);
});

test.each(["channel", "tensor"] as const)("weights and activations are rounded on the way (per %s)", async (scales) => {
  const graph = prepared(scales);
  const estimated = await reestimateBatchNormalization(graph, { data, batch: samples });
  // The frozen form with the new statistics normalizes the first layer's rounded products to gamma and beta.
  const gamma = statistics(graph, "g1").floats();
  const beta = statistics(graph, "b1").floats();
  const composite = [...estimated.nodes].find((node) => node.op === "ConvBatchNormalization")!;
  const normalized = evaluate(estimated, new Map([["x", x]]), { outputs: [composite.output] }).get(
    composite.output.name,
  )!;
  const { mean, variance } = statisticsOf(normalized);
  const roundings = scales === "channel" ? 1e-4 : 5e-3;
  mean.forEach((value, i) => expect(Math.abs(value - beta[i]!)).toBeLessThan(roundings));
  variance.forEach((value, i) => {
    const raw = statistics(estimated, "v1").floats()[i]!;
    expect(Math.abs(value - (gamma[i]! ** 2 * raw) / (raw + 0.01))).toBeLessThan(roundings);
  });
  expect(statistics(estimated, "v1").floats()).not.toEqual(
    statistics(await reestimateBatchNormalization(twice(), { data, batch: samples }), "v1").floats(),
  );
});

test("the samples are augmented first", async () => {
  const doubled = (tensor: Tensor): Tensor =>
    Tensor.of(
      "float",
      tensor.floats().map((value) => 2 * value),
      tensor.dims,
    );
  const augment: Augmentation = {
    name: "doubled",
    augment: (batch) => ({ ...batch, inputs: { x: doubled(batch.inputs["x"]!) } }),
  };
  const augmented = await reestimateBatchNormalization(twice(), { data, batch: 4, augment: [augment] });
  const wanted = await reestimateBatchNormalization(twice(), { data: arrays({ x: doubled(x) }), batch: 4 });
  for (const name of ["m1", "v1", "m2", "v2"]) {
    expect(statistics(augmented, name).floats()).toEqual(statistics(wanted, name).floats());
  }
});

test("nothing but the statistics changes", async () => {
  const graph = prepared("channel");
  const before = printGraph(graph);
  const estimated = await reestimateBatchNormalization(graph, { data, batch: 4, batches: 2 });
  expect(printGraph(graph)).toBe(before);
  const changed = [...estimated.initializers].filter(
    ({ name, initializer }) => !Buffer.from(initializer!.bytes()).equals(Buffer.from(statistics(graph, name).bytes())),
  );
  expect(changed.map(({ name }) => name)).toEqual(["m1", "v1", "m2", "v2"]);
});

test.each([
  ["a model without normalizations", "g (float[N,2] x) => (y) { y = Relu (x) }", 4, "has no BatchNormalization"],
  ["less than one batch", printGraph(twice()), 13, "not one whole batch of 13 samples"],
] as const)("%s is refused", async (_, text, batch, message) => {
  const error: unknown = await reestimateBatchNormalization(parseGraph(text), { data, batch }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CompileError);
  expect((error as CompileError).diagnostic).toMatchObject({ code: "train/reestimate" });
  expect((error as CompileError).message).toContain(message);
});
