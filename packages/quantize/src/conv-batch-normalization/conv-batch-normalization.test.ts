import { cloneGraph, GraphEditor, newModel, parseGraph, printGraph, seeded, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { runPasses } from "@lowbit/rewrite";
import { describe, expect, test } from "vitest";
import { learnScales } from "../prepare/learn-scales.ts";
import { composeConvBatchNormalization } from "./compose.ts";
import { decomposeAllConvBatchNormalizations, type NormalizationPhase } from "./decompose.ts";
import { foldConvBatchNormalization } from "./fold.ts";

/** Linear ops with a BatchNormalization behind them: node text, weight shape, input shape. */
const forms = {
  Conv: { node: "Conv <pads = [1, 1, 1, 1]> (x, w, b)", weight: "4,3,3,3", input: [2, 3, 5, 5] },
  "depthwise Conv": { node: "Conv <group = 4> (x, w, b)", weight: "4,1,3,3", input: [2, 4, 5, 5] },
  ConvTranspose: { node: "ConvTranspose <strides = [2, 2]> (x, w, b)", weight: "3,4,3,3", input: [2, 3, 3, 3] },
  "grouped ConvTranspose": { node: "ConvTranspose <group = 2> (x, w, b)", weight: "6,2,2,2", input: [2, 6, 3, 3] },
  Gemm: { node: "Gemm (x, w, b)", weight: "5,4", input: [3, 5] },
  "Gemm with transB": { node: "Gemm <transB = 1> (x, w, b)", weight: "4,5", input: [3, 5] },
} as const;

type Form = keyof typeof forms;
const formNames = Object.keys(forms) as Form[];

function unfused(form: Form, gamma: readonly number[] = [1.5, -0.5, 0.25, 2]): Graph {
  const { node, weight, input } = forms[form];
  const graph = parseGraph(`g (float[${input.join(",")}] x) => (y)
  <float[${weight}] w, float[4] b, float[4] gamma = {${gamma.join(", ")}}, float[4] beta, float[4] mean, float[4] variance> {
    [linear] c = ${node}
    y = BatchNormalization <epsilon = 0.001> (c, gamma, beta, mean, variance)
  }`);
  return graph;
}

/** The composite, with int8 weights quantized along an axis (null: one scale). */
function composite(form: Form, axis: number | null | undefined, gamma?: readonly number[]): Graph {
  const graph = unfused(form, gamma);
  runPasses(newModel(graph), [composeConvBatchNormalization]);
  const node = graph.nodes.first!;
  const editor = new GraphEditor(graph);
  if (axis !== undefined) {
    editor.setAttribute(node, "weight_dtype", "int8");
    editor.setAttribute(node, "weight_qmin", -127);
    editor.setAttribute(node, "weight_qmax", 127);
    if (axis !== null) editor.setAttribute(node, "weight_axis", axis);
  }
  return graph;
}

function axisOf(form: Form): number {
  return form.includes("Transpose") || form === "Gemm" ? 1 : 0;
}

function decomposed(graph: Graph, phase: NormalizationPhase): Graph {
  const copy = cloneGraph(graph).graph;
  expect(decomposeAllConvBatchNormalizations(copy, phase)).toBe(1);
  return copy;
}

/** The weight that a decomposed composite quantizes, and its scales. */
function quantizedWeight(graph: Graph, form: Form): { readonly scale: Float32Array; readonly weight: Float32Array } {
  const [weight, scale] = [...graph.nodes].find((node) => node.op === "FakeQuantize")!.inputs;
  new GraphEditor(graph).setOutputs([weight!, scale!]);
  const results = evaluate(graph, new Map([["x", seeded("input", "float", forms[form].input)]]));
  return { weight: results.get(weight!.name)!.floats(), scale: results.get(scale!.name)!.floats() };
}

function outputOf(graph: Graph, form: Form): Float32Array {
  const x = seeded("input", "float", forms[form].input);
  return evaluate(graph, new Map([["x", x]]))
    .get("y")!
    .floats();
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe("composing", () => {
  test("keeps the attributes of both nodes", () => {
    expect(printGraph(composite("Conv", undefined))).toMatchInlineSnapshot(`
      "g (float[2,3,5,5] x) => (float[2,4,5,5] y)
      <
        float[4,3,3,3] w,
        float[4] b = {0.04744137, -0.011361288, -0.18163763, 0.04799285},
        float[4] gamma = {1.5, -0.5, 0.25, 2},
        float[4] beta = {-0.00411876, -0.04909439, -0.04965904, 0.094591364},
        float[4] mean = {-0.022714233, -0.061513778, 0.13010493, -0.07602171},
        float[4] variance = {0.9400045, 1.0696505, 1.114068, 1.0524775}
      > {
        [linear] y = lowbit.ConvBatchNormalization <pads = [1, 1, 1, 1], op = "Conv", epsilon = 0.001, momentum = 0.9> (x, w, b, gamma, beta, mean, variance)
      }"
    `);
  });

  test("leaves a Gemm with alpha, and a result that others read too", () => {
    const graph = parseGraph(`g (float[2,3] x) => (y, d)
    <float[3,4] w, float[4] gamma, float[4] beta, float[4] mean, float[4] variance> {
      c = Gemm <alpha = 2.0> (x, w)
      y = BatchNormalization (c, gamma, beta, mean, variance)
      d = Gemm (x, w)
      e = BatchNormalization (d, gamma, beta, mean, variance)
    }`);
    runPasses(newModel(graph), [composeConvBatchNormalization]);
    expect([...graph.nodes].filter((node) => node.op === "ConvBatchNormalization").length).toBe(0);
  });
});

describe.each(formNames)("%s with BatchNormalization", (form) => {
  test("computes the same without quantization: frozen and folded as it was, in training by the batch", () => {
    const original = unfused(form);
    const frozen = decomposed(composite(form, undefined), "frozen-statistics");
    expect(largestDifference(outputOf(frozen, form), outputOf(original, form))).toBeLessThan(1e-5);
    const folded = composite(form, undefined);
    foldConvBatchNormalization(folded);
    expect(largestDifference(outputOf(folded, form), outputOf(original, form))).toBeLessThan(1e-5);
    expect([...folded.nodes].map((node) => node.op)).toEqual([original.nodes.first!.op]);
  });

  test("has scales of at least what the kernels need, for the weights as they are deployed, in training too", () => {
    for (const axis of [axisOf(form), null]) {
      const graph = composite(form, axis, [1.5, -0.5, 0.001, 2]);
      new GraphEditor(graph).setAttribute(graph.nodes.first!, "weight_eps", 2 ** -7);
      const [deployed, trained] = (["frozen-statistics", "training-statistics"] as const).map((phase) =>
        quantizedWeight(decomposed(graph, phase), form),
      );
      expect(Math.min(...deployed!.scale)).toBe(2 ** -7);
      expect(trained).toEqual(deployed);
    }
  });

  test("is decomposed into what the composite means, in its frozen form", () => {
    for (const axis of [axisOf(form), null]) {
      const graph = composite(form, axis);
      const frozen = decomposed(graph, "frozen-statistics");
      expect(largestDifference(outputOf(frozen, form), outputOf(graph, form))).toBeLessThan(1e-5);
    }
  });

  test("has the same folded weights, bit for bit, as its frozen form", () => {
    const graph = composite(form, axisOf(form));
    const frozen = decomposed(graph, "frozen-statistics");
    const folded = cloneGraph(graph).graph;
    foldConvBatchNormalization(folded);
    expect(outputOf(folded, form)).toEqual(outputOf(frozen, form));
  });

  test("trains with finite numbers when a channel's gamma is 0", () => {
    for (const axis of [axisOf(form), null]) {
      const training = decomposed(composite(form, axis, [0, 1, 0, -1]), "training-statistics");
      expect(outputOf(training, form).every(Number.isFinite)).toBe(true);
    }
  });
});

/** The composite with learned scales of weights: ratios below and above 1 to the range, or one of them. */
function learned(form: Form, axis: number | null, gamma?: readonly number[]): Graph {
  const graph = composite(form, axis, gamma);
  expect(learnScales(graph)).toBe(1);
  const ratio = graph.value("w.scale.log_ratio")!;
  const { dims, size } = ratio.initializer!;
  const values = Array.from({ length: size }, (_, i) => [-0.5, 0.25, -0.125, 0][i % 4]!);
  new GraphEditor(graph).setInitializer(ratio, Tensor.of("float", values, dims));
  return graph;
}

describe.each(formNames)("%s with BatchNormalization and learned scales", (form) => {
  test.each([axisOf(form), null])("has the scales of the range times what was learned, axis %s", (axis) => {
    const graph = learned(form, axis);
    const ratios = graph.value("w.scale.log_ratio")!.initializer!.floats();
    const own = quantizedWeight(decomposed(composite(form, axis), "frozen-statistics"), form);
    const { scale, weight } = quantizedWeight(decomposed(graph, "frozen-statistics"), form);
    expect(weight).toEqual(own.weight);
    scale.forEach((each, i) => expect(each / (own.scale[i]! * Math.exp(ratios[i]!))).toBeCloseTo(1, 6));
  });

  test.each([axisOf(form), null])("means the same frozen, folded and as a composite, axis %s", (axis) => {
    const graph = learned(form, axis);
    const frozen = outputOf(decomposed(graph, "frozen-statistics"), form);
    expect(largestDifference(frozen, outputOf(graph, form))).toBeLessThan(1e-5);
    expect(largestDifference(frozen, outputOf(composite(form, axis), form))).toBeGreaterThan(1e-4);
    const folded = cloneGraph(graph).graph;
    foldConvBatchNormalization(folded);
    expect(outputOf(folded, form)).toEqual(frozen);
  });
});

describe("in training", () => {
  /** BatchNormalization by the batch over op(x, FQ(W·k)/k), written out with the composite's own frozen weights. */
  function byDefinition(form: Form, axis: number | null, graph = composite(form, axis)): Float32Array {
    const frozen = decomposed(graph, "frozen-statistics");
    const quantized = [...frozen.nodes].find((node) => node.op === "FakeQuantize")!.output;
    const k = [...frozen.nodes].find((node) => node.op === "Div")!.output;
    const values = evaluate(frozen, new Map(), { outputs: [quantized, k] });
    const [codes, factors] = [values.get(quantized.name)!, values.get(k.name)!.floats()];
    const perChannel = codes.size / 4;
    const weight = codes.floats().map((value, i) => value / factors[Math.floor(i / perChannel)]!);
    const original = unfused(form);
    const editor = new GraphEditor(original);
    editor.setInitializer(original.value("w")!, Tensor.of("float", weight, codes.dims));
    editor.setAttribute([...original.nodes][1]!, "training_mode", 1);
    return outputOf(original, form);
  }

  test("weights with a scale per channel are rounded without the normalization, which is the same", () => {
    const training = decomposed(composite("Conv", 0), "training-statistics");
    expect([...training.nodes].map((node) => node.op)).toEqual([
      "ObserveRange",
      "QuantizationParameters",
      "FakeQuantize",
      "Conv",
      "BatchNormalization",
      "Assign",
      "Assign",
    ]);
    expect(largestDifference(outputOf(training, "Conv"), byDefinition("Conv", 0))).toBeLessThan(2e-5);
  });

  test("weights with one scale are rounded behind the multiplication, and divided again", () => {
    const training = decomposed(composite("Conv", null), "training-statistics");
    expect(largestDifference(outputOf(training, "Conv"), byDefinition("Conv", null))).toBeLessThan(2e-5);
  });

  test.each([0, null])("weights with learned scales are rounded as they are deployed, axis %s", (axis) => {
    const training = decomposed(learned("Conv", axis), "training-statistics");
    const expected = byDefinition("Conv", axis, learned("Conv", axis));
    expect(largestDifference(outputOf(training, "Conv"), expected)).toBeLessThan(2e-5);
  });

  test("codes that are not mirrored are rounded behind the multiplication, which may turn signs", () => {
    const graph = learned("Conv", 0);
    new GraphEditor(graph).setAttribute(graph.nodes.first!, "weight_qmin", -128);
    const training = decomposed(graph, "training-statistics");
    expect(largestDifference(outputOf(training, "Conv"), byDefinition("Conv", 0, graph))).toBeLessThan(2e-5);
  });

  test("the running statistics are buffers that the step moves", () => {
    const training = decomposed(composite("Conv", 0), "training-statistics");
    expect(["mean", "variance", "gamma"].map((name) => training.value(name)!.role)).toEqual([
      "buffer",
      "buffer",
      "constant",
    ]);
    const { state } = evaluate(training, new Map([["x", seeded("input", "float", forms.Conv.input)]]));
    expect([...state.keys()]).toEqual(["mean", "variance"]);
  });
});
