import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { x86 } from "@lowbit/backend-x86";
import { cloneModel, GraphEditor, loadModel, newModel, parseGraph, seeded, Tensor, type Model } from "@lowbit/ir";
import {
  comparisonAdvice,
  integerOperators,
  quantizeModel,
  type Comparison,
  type QuantizedModel,
} from "@lowbit/quantize";
import { Session } from "@lowbit/runtime";
import { cifarBatches, materialsFolder } from "@lowbit/test-models";
import { arrays, randomStream } from "@lowbit/train";
import { mlp } from "../workshop.testing.ts";
import { compare } from "./compare.ts";

const x = seeded("x", "float", [40, 16]);
const y = Tensor.of(
  "int64",
  Array.from({ length: 40 }, (_, i) => i % 3),
);
const data = arrays({ x }, y);
const settings = { data, batch: 8, threads: 1 } as const;
const backend = x86({ prefer: "integer" });

function quantized(model: Model, feeds = x): Promise<QuantizedModel> {
  return quantizeModel(model, { backend, data: [{ x: feeds }] });
}

/** What ONNX Runtime makes of the untouched model. */
async function answers(model: Model, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const session = await Session.create(model, { threads: 1 });
  try {
    return Object.values(await session.run(feeds))[0]!.floats();
  } finally {
    await session.release();
  }
}

function sqnr(reference: Float32Array, other: Float32Array): number {
  const square = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return 10 * Math.log10(square(reference) / square(reference.map((value, i) => value - other[i]!)));
}

const names = ({ layers }: Comparison): readonly string[] =>
  layers.map(({ name, other, matchedBy }) => `${name} ${other} ${matchedBy}`);

/** A copy whose values and nodes have other names. */
function renamed(model: Model): Model {
  const copy = cloneModel(model);
  const editor = new GraphEditor(copy.graph);
  let next = 0;
  for (const value of [...copy.graph.values.values()]) {
    if (!value.isGraphInput && !value.isGraphOutput) editor.rename(value, `v${next++}`);
  }
  for (const node of copy.graph.nodes) Object.assign(node, { name: "" });
  return copy;
}

describe("comparing a float model with a quantized one", () => {
  test("gives the error that the untouched models have, and that of every layer", async () => {
    const model = mlp();
    const { model: integer } = await quantized(model);
    const comparison = await compare(model, integer, settings);
    const [first, second] = [await answers(model, { x }), await answers(integer, { x })];
    expect(comparison.outputs.map(({ name }) => name)).toEqual(["scores"]);
    expect(comparison.outputs[0]!.error.sqnr).toBeCloseTo(sqnr(first, second), 4);
    const largest = Math.max(...first.map((value, i) => Math.abs(value - second[i]!)));
    expect(comparison.outputs[0]!.error.maxDifference).toBeCloseTo(largest, 6);
    expect(names(comparison)).toEqual(["x x name", "fc1 fc1 name", "fc2 fc2 name"]);
    expect(comparison.unmatched).toEqual([]);
    expect(comparison.samples).toBe(40);
  });

  test("tells what the codes of a layer do to its values and weights", async () => {
    const model = mlp();
    // Calibrated on a tenth of the range, so that most values lie beyond the codes.
    const small = Tensor.of(
      "float",
      x.floats().map((value) => value / 10),
      x.dims,
    );
    const comparison = await compare(model, (await quantized(model, small)).model, settings);
    const [input, hidden] = comparison.layers;
    const [low, high] = [Math.min(...small.numbers()), Math.max(...small.numbers())];
    const half = (high - low) / 255 / 2;
    const beyond = [...x.numbers()].filter((value) => value < low - half || value > high + half).length;
    expect(input!.codes!.saturated).toBeCloseTo(beyond / x.size, 2);
    expect(beyond / x.size).toBeGreaterThan(0.7);
    const step = hidden!.weight!.codes!.grid.scale.reduce((a, b) => Math.max(a, b));
    expect(hidden!.weight!.error.maxDifference).toBeLessThanOrEqual(0.5 * step * 1.001);
    expect(hidden!.weight!.codes!.saturated).toBe(0);
  });

  test("measures the metric of both", async () => {
    const model = mlp();
    const { metric } = await compare(model, model, { ...settings, metric: "accuracy" });
    const scores = await answers(model, { x });
    const hits = [...y.numbers()].filter((label, i) => {
      const row = [...scores.subarray(3 * i, 3 * i + 3)];
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(metric).toEqual({ model: hits.length / 40, other: hits.length / 40 });
  });
});

test("a layer whose channels were rescaled is told from a wrong one", async () => {
  const graph = (first: string, second: string): Model =>
    newModel(
      parseGraph(`g (float[N,3] x) => (float[N,1] y) <float[3,2] a = {${first}}, float[2,1] b = {${second}}> {
        [one] h = MatMul (x, a) [two] y = MatMul (h, b)
      }`),
    );
  const base = graph("1.0, 2.0, 3.0, 4.0, 5.0, 6.0", "1.0, 1.0");
  // Equalized: the first column 8 times larger, and 8 times less of it taken; and something that no factor explains.
  const equalized = graph("8.0, 2.0, 24.0, 4.0, 40.0, 6.0", "0.125, 1.0");
  const wrong = graph("5.0, 2.0, -3.0, 4.0, 1.0, 6.0", "1.0, 1.0");
  const inputs = arrays({ x: seeded("x", "float", [32, 3]) });
  const [same, other] = [
    await compare(base, equalized, { data: inputs, threads: 1 }),
    await compare(base, wrong, { data: inputs, threads: 1 }),
  ];
  expect(same.outputs[0]!.error.sqnr ?? 200).toBeGreaterThan(100);
  expect(same.layers[0]!.error.sqnr).toBeLessThan(0);
  expect(same.layers[0]!.upToFactors).toBeGreaterThan(100);
  expect(other.layers[0]!.upToFactors).toBeNull();
});

describe("finding layers again", () => {
  const turnedForms = ["QDQ", "integer operators"].flatMap((form) => [
    [form, "strides-as-channels", "one channel", "pads = [4, 1, 5, 1], strides = [2, 2]", "1,20,11"],
    [form, "strides-as-channels", "three channels", "pads = [3, 2, 3, 2], strides = [2, 2]", "3,20,12"],
    [form, "columns-as-channels", "columns", "pads = [4, 1, 5, 1]", "1,20,11"],
    [form, "pixels-as-channels", "pixels", "pads = [4, 2, 5, 1]", "5,20,14"],
    [form, "pixels-as-channels", "pixels of blocks", "pads = [4, 1, 5, 1], strides = [2, 2]", "3,40,32"],
  ]);
  test.each(turnedForms)("in %s, sees a convolution behind %s (%s) as it was", async (form, pass, _, conv, image) => {
    const [channels] = image!.split(",");
    const model = newModel(
      parseGraph(`g (float[N,${image}] x) => (y) <float[16,${channels},10,4] a, float[6,16,2,2] b> {
        [stem] c = Conv <${conv}> (x, a)
        [act] r = Relu (c)
        [tail] y = Conv (r, b)
      }`),
    );
    const images = seeded("x", "float", [8, ...image!.split(",").map(Number)]);
    const operators = form === "QDQ" ? [] : [integerOperators];
    const lowered = async (...without: readonly string[]): Promise<Comparison> => {
      const lower = [...backend.lower.filter(({ name }) => !without.includes(name)), ...operators];
      const made = await quantizeModel(model, { backend: { ...backend, lower }, data: [{ x: images }] });
      const ops = [...made.model.graph.nodes].map(({ op }) => op);
      const moving = { "columns-as-channels": "Slice", "pixels-as-channels": "Concat" }[pass!];
      expect(ops.includes(moving ?? "Transpose")).toBe(without.length === 0);
      return compare(model, made.model, { data: arrays({ x: images }), threads: 1 });
    };
    const turned = await lowered();
    expect(turned.unmatched).toEqual([]);
    expect(turned.layers.map(({ name, weight }) => [name, weight && weight.error.sqnr! > 40])).toEqual([
      ["x", null],
      ["stem", true],
      ["tail", true],
    ]);
    expect(turned).toEqual(await lowered(pass!));
  });

  test("goes by structure where no name is left but those of inputs and results", async () => {
    const model = mlp();
    const { model: integer } = await quantized(model);
    const comparison = await compare(model, renamed(integer), settings);
    expect(comparison.layers.map(({ name, matchedBy }) => `${name} ${matchedBy}`)).toEqual([
      "x name",
      "fc1 structure",
      "fc2 name",
    ]);
    expect(comparison.layers.map(({ error }) => error)).toEqual(
      (await compare(model, integer, settings)).layers.map(({ error }) => error),
    );
  });

  test("sees the same layers in both formats of a quantized model", async () => {
    const model = mlp();
    const operators = { ...backend, lower: [...backend.lower, integerOperators] };
    const integer = (await quantizeModel(model, { backend: operators, data: [{ x }] })).model;
    const comparison = await compare((await quantized(model)).model, integer, settings);
    expect(comparison.layers.map(({ op, error }) => [op, error.sqnr])).toEqual([
      ["input", null],
      ["Gemm", null],
      ["Gemm", null],
    ]);
  });

  test("goes by weights behind a part that only one model has, and says what has no counterpart", async () => {
    const head = `g (float[N,4,6,6] x) => (float[N,2,6,6] y) <float[8,4,3,3] a, float[2,8,1,1] b>`;
    const [one, two] = [
      `[first] c = Conv <pads = [1, 1, 1, 1]> (x, a) [tail] y = Conv (c, b)`,
      `[twist] t = Tanh (x) [other] d = Conv <pads = [1, 1, 1, 1]> (t, a) [sig] s = Sigmoid (d) [end] y = Conv (s, b)`,
    ].map((body) => newModel(parseGraph(`${head} { ${body} }`)));
    const images = arrays({ x: seeded("x", "float", [4, 4, 6, 6]) });
    const comparison = await compare(one!, two!, { data: images, threads: 1 });
    expect(names(comparison)).toEqual(["first other weights", "tail end name"]);
    expect(comparison.unmatched.map(({ in: side, name, reason }) => `${side} ${name}: ${reason}`)).toEqual([
      "other twist: the other model computes no Tanh",
      "other sig: the other model computes no Sigmoid",
    ]);
  });

  test("says what another architecture has instead", async () => {
    const graph = `g (float[N,16] x) => (float[N,3] scores) <float[16,7] a, float[7,3] b> {
      [p] h = MatMul (x, a)
      [q] scores = MatMul (h, b)
    }`;
    const { layers, unmatched, outputs } = await compare(mlp(), newModel(parseGraph(graph)), settings);
    expect(layers).toEqual([]);
    expect(outputs).toHaveLength(1);
    expect(unmatched.map(({ in: side, name, reason }) => `${side} ${name}: ${reason}`)).toMatchInlineSnapshot(`
      [
        "model fc1: the other model computes no MatMul with weights of 32x16; its MatMul have weights of 16x7, 7x3",
        "model fc2: the other model computes no MatMul with weights of 3x32; its MatMul have weights of 16x7, 7x3",
        "other p: the other model computes no MatMul with weights of 16x7; its MatMul have weights of 32x16, 3x32",
        "other q: the other model computes no MatMul with weights of 7x3; its MatMul have weights of 32x16, 3x32",
      ]
    `);
  });
});

describe("what to do about a layer", () => {
  // Reciprocals of small numbers make much noise of little.
  const graph = `g (float[N,16] x) => (float[N,8] y) <float[16,32] a, float[32,8] b> {
    [first] h = MatMul (x, a) [grow] s = Reciprocal (h) [curve] t = Sin (s) [second] m = MatMul (t, b) [last] y = Softmax (m)
  }`;

  test("is nothing where the other model computes it in float, however noisy it is", async () => {
    const model = newModel(parseGraph(graph));
    const made = await quantizeModel(model, {
      backend,
      data: [{ x }],
      keepFloat: ["grow", "curve", "second", "last"],
    });
    const both = await compare(model, made.model, settings);
    expect(both.layers.map(({ name, isFloat, otherIsFloat }) => [name, isFloat, otherIsFloat])).toEqual([
      ["x", true, false],
      ["first", true, false],
      ["grow", true, true],
      ["curve", true, true],
      ["second", true, true],
      ["last", true, true],
    ]);
    const float = both.layers.filter(({ otherIsFloat }) => otherIsFloat);
    expect(float.some(({ added }) => added !== null && added < 30)).toBe(true);
    for (const advice of float.map(comparisonAdvice)) {
      expect(advice.action).toBe("nothing");
      expect(advice.reason).toMatch(/^(both models compute it in float|it adds no error)$/);
    }
    const back = await compare(made.model, model, settings);
    expect(back.layers.map(comparisonAdvice).filter(({ action }) => action === "keep-float")).toEqual([]);
  });

  test("tells float weights that differ", async () => {
    const text = (factor: number): Model =>
      newModel(
        parseGraph(`g (float[N,2] x) => (float[N,1] y) <float[2,1] a = {1.0, ${factor}}> { [one] y = MatMul (x, a) }`),
      );
    const inputs = arrays({ x: seeded("x", "float", [32, 2]) });
    const { layers } = await compare(text(1), text(1.5), { data: inputs, threads: 1 });
    expect(comparisonAdvice(layers[0]!)).toEqual({
      action: "nothing",
      // 10 log10((1 + 1) / 0.25)
      reason: "both models compute it in float, with weights that differ (9.0 dB)",
    });
  });

  test("names no input as a node to keep in float", async () => {
    const model = newModel(parseGraph(graph));
    const wide = Tensor.of(
      "float",
      x.floats().map((value, i) => (i % 16 === 0 ? value * 60 : value)),
      x.dims,
    );
    const made = await quantizeModel(model, { backend, data: [{ x: wide }] });
    const { layers } = await compare(model, made.model, settings);
    const [input] = layers;
    expect([input!.op, input!.added! < 30]).toEqual(["input", true]);
    expect(comparisonAdvice(input!).action).not.toBe("keep-float");
  });
});

describe("what cannot be compared", () => {
  const code = (run: Promise<unknown>): Promise<unknown> =>
    run.then(
      () => "no error",
      (error: { diagnostic: { code: string } }) => error.diagnostic.code,
    );

  test("is told by one diagnostic", async () => {
    const wide = newModel(parseGraph(`g (float[N,20] x) => (float[N,20] scores) { scores = Relu (x) }`));
    const other = newModel(parseGraph(`g (float[N,16] x) => (float[N,16] scores) { scores = Relu (x) }`));
    expect(await code(compare(mlp(), wide, settings))).toBe("compare/inputs");
    expect(await code(compare(mlp(), other, settings))).toBe("compare/outputs");
    expect(await code(compare(mlp(), mlp(), { data: arrays({ x }), metric: "accuracy" }))).toBe("data/no-targets");
    const broken = Tensor.of("float", new Float32Array(16).fill(NaN), [1, 16]);
    const { model: integer } = await quantized(mlp());
    expect(await code(compare(mlp(), integer, { data: arrays({ x: broken }) }))).toBe("compare/not-finite");
  });

  test("does not run on after it was stopped", async () => {
    const stop = new AbortController();
    const run = compare(mlp(), mlp(), { ...settings, signal: stop.signal, progress: () => stop.abort() });
    await expect(run).rejects.toThrow("stopped after 8 samples");
  });
});

const folder = materialsFolder();

test.skipIf(folder === null)("ResNet20 computes the same with its layers watched as without", async () => {
  const model = loadModel(join(folder!, "models", "cifar10", "resnet20-cifar10.bn.op17.onnx"));
  const images = cifarBatches(folder!, "test", 16, "normalized")[0]!.x;
  const name = model.graph.inputs[0]!.name;
  const made = await quantizeModel(model, { backend, data: [{ [name]: images }], threads: 1 });
  const comparison = await compare(model, made.model, { data: arrays({ [name]: images }), threads: 1 });
  const [float, integer] = [
    await answers(made.optimized, { [name]: images }),
    await answers(made.model, { [name]: images }),
  ];
  // Equal to the last digits: the integer kernels round as they do in the file.
  expect(comparison.outputs[0]!.error.sqnr).toBeCloseTo(sqnr(float, integer), 4);
  expect([comparison.layers.length, comparison.unmatched.length]).toEqual([37, 0]);
  expect(comparison.layers.every(({ matchedBy }) => matchedBy === "name")).toBe(true);
});

test("takes one seed for the samples, and no more than asked", async () => {
  const random = randomStream(3);
  const many = Tensor.of(
    "float",
    Float32Array.from({ length: 100 * 16 }, () => random()),
    [100, 16],
  );
  const { model: integer } = await quantized(mlp());
  const options = { data: arrays({ x: many }), samples: 30, threads: 1 };
  const [a, b] = [await compare(mlp(), integer, options), await compare(mlp(), integer, options)];
  expect(a.samples).toBe(30);
  expect(a).toEqual(b);
});

test("finds layers whose scales are found while the model runs, with their weights where these lie alike", async () => {
  const model = newModel(
    parseGraph(`g (float[N,16] x) => (float[N,3] y) <float[16,8] w1, float[3,8] w2, float[3] b2> {
      [one] a = MatMul (x, w1)
      r = Relu (a)
      [two] y = Gemm <transB = 1> (r, w2, b2)
    }`),
  );
  const { model: dynamic } = await quantizeModel(model, { backend, mode: "dynamic" });
  expect([...dynamic.graph.nodes].filter((node) => node.is("MatMulInteger"))).toHaveLength(2);
  for (const [file, matchedBy] of [
    [dynamic, "name"],
    [renamed(dynamic), "structure"],
  ] as const) {
    const { layers, unmatched } = await compare(model, file, { data: arrays({ x }), threads: 1 });
    expect(unmatched).toEqual([]);
    expect(layers.map((layer) => [layer.name, layer.op, layer.matchedBy, layer.otherIsFloat])).toEqual([
      ["one", "MatMul", matchedBy, false],
      ["two", "Gemm", "name", false],
    ]);
    expect(layers[0]!.weight!.error.sqnr).toBeGreaterThan(40);
    for (const { error } of layers) expect(error.sqnr).toBeGreaterThan(30);
  }
});
