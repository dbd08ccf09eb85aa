import { GraphEditor, parseGraph, Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { expect, test } from "vitest";
import { gradients } from "../gradients.ts";

const x = [-2, -0.3, 0.26, 0.9, 5];
const dy = [1, 2, 3, 4, 5];

/** The gradients of a graph (x, scale) => (y) for the cotangent dy, by input name. */
function gradientsOf(text: string, scale: number[], points = x): Record<string, number[]> {
  const graph = parseGraph(`g ${text}`);
  const editor = new GraphEditor(graph);
  const [value] = graph.outputs;
  const cotangent = editor.input("dy", value!.type);
  const inputs = graph.inputs.filter((input) => input !== cotangent);
  const found = gradients(editor, [{ value: value!, cotangent }], inputs);
  const outputs = [...found.values()].filter((grad) => grad !== null);
  const dims = (name: string) => graph.value(name)!.shape as number[];
  const feeds = new Map([
    ["x", Tensor.of("float", points, dims("x"))],
    ["scale", Tensor.of("float", scale, dims("scale"))],
    ["dy", Tensor.of("float", dy.slice(0, points.length), dims("dy"))],
  ]);
  const results = evaluate(graph, feeds, { outputs });
  return Object.fromEntries(
    [...found].map(([input, grad]) => [
      input.name,
      [...results.get(grad!.name)!.numbers()].map((g) => Number(g.toFixed(4))),
    ]),
  );
}

// With scale 0.5 and codes from -2 to 3: x / scale = -4, -0.6, 0.52, 1.8, 10; codes -2, -1, 1, 2, 3; the outer two are
// clipped. dscale = 1·(-2) + 2·(-1 + 0.6) + 3·(1 - 0.52) + 4·(2 - 1.8) + 5·3.
const expected = { x: [0, 2, 3, 4, 0], scale: [14.44] };

test("FakeQuantize passes gradients straight through where nothing is clipped", () => {
  const text = `(float[5] x, float scale) => (y) <int8 z = {0}> { y = lowbit.FakeQuantize <qmin = -2, qmax = 3> (x, scale, z) }`;
  expect(gradientsOf(text, [0.5])).toEqual(expected);
});

test("a scale of FakeQuantize per channel gets the sum over its channel", () => {
  const text = `(float[2,2] x, float[2] scale) => (y) <int8[2] z = {0, 0}>
    { y = lowbit.FakeQuantize <qmin = -2, qmax = 3, axis = 0> (x, scale, z) }`;
  expect(gradientsOf(text, [0.5, 0.5], x.slice(0, 4))).toEqual({ x: [0, 2, 3, 4], scale: [-2.8, 2.24] });
});

test("ScaleGradient changes nothing but the gradient", () => {
  const graph = parseGraph("g (float[2] x) => (y) <float half = {0.5}> { y = lowbit.ScaleGradient (x, half) }");
  const editor = new GraphEditor(graph);
  const [y, x] = [graph.outputs[0]!, graph.value("x")!];
  const dx = gradients(editor, [{ value: y, cotangent: editor.input("dy", y.type) }], [x]).get(x)!;
  const [given, back] = [Tensor.of("float", [1, -2]), Tensor.of("float", [3, 4])];
  const found = evaluate(
    graph,
    new Map([
      ["x", given],
      ["dy", back],
    ]),
    { outputs: [y, dx] },
  );
  expect([y, dx].map(({ name }) => [...found.get(name)!.floats()])).toEqual([
    [1, -2],
    [1.5, 2],
  ]);
});

test("only the results of FakeQuantizeGrad that are needed are asked for", () => {
  const graph = parseGraph(
    "g (float[5] x, float scale) => (y) <int8 z = {0}> { y = lowbit.FakeQuantize <qmin = -2, qmax = 3> (x, scale, z) }",
  );
  const editor = new GraphEditor(graph);
  const seed = { value: graph.outputs[0]!, cotangent: editor.input("dy", graph.outputs[0]!.type) };
  const scaleOnly = gradients(editor, [seed], [graph.value("scale")!]).get(graph.value("scale")!)!;
  expect(scaleOnly.producer!.outputs.map((output) => output !== null)).toEqual([false, true]);
});

// The same numbers in uint8 with zero point 2: codes 0 to 255, so that only the lower end is clipped.
const pairExpected = {
  x: [0, 2, 3, 4, 5],
  scale: [Number((1 * -2 + 2 * (-1 + 0.6) + 3 * (1 - 0.52) + 4 * (2 - 1.8) + 5 * (10 - 10)).toFixed(4))],
};

test("a pair of QuantizeLinear and DequantizeLinear has the gradients of FakeQuantize", () => {
  const pair = `(float[5] x, float scale) => (y) <uint8 z = {2}> {
    q = QuantizeLinear (x, scale, z)
    y = DequantizeLinear (q, scale, z)
  }`;
  expect(gradientsOf(pair, [0.5])).toEqual(pairExpected);
  const fake = `(float[5] x, float scale) => (y) <uint8 z = {2}> { y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, scale, z) }`;
  expect(gradientsOf(fake, [0.5])).toEqual(pairExpected);
});

test("ops that move codes between the pair move their gradients", () => {
  const text = `(float[1,5] x, float[1] scale) => (y) <uint8[1] z = {2}> {
    q = QuantizeLinear <axis = 0> (x, scale, z)
    t = Transpose (q)
    y = DequantizeLinear <axis = 1> (t, scale, z)
  }`;
  expect(gradientsOf(text, [0.5])).toEqual(pairExpected);
});

test("a pair with a scale per channel and no zero point", () => {
  const text = `(float[2,2] x, float[2] scale) => (y) {
    q = QuantizeLinear <axis = 0, output_dtype = 3> (x, scale)
    y = DequantizeLinear <axis = 0> (q, scale)
  }`;
  expect(gradientsOf(text, [0.5, 0.5], x.slice(1))).toEqual({ x: [1, 2, 3, 4], scale: [0.56, 0.6] });
});

test.each([
  ["asymmetric", [-1, 3], 0, { min: -1 / 255, max: 1 / 255 }],
  ["asymmetric, a range above zero", [1, 3], 0, { min: 0, max: 1 / 255 }],
  ["symmetric, the lower end is farther", [-4, 3], 1, { min: -2 / 255, max: 0 }],
  ["symmetric, the upper end is farther", [-1, 3], 1, { min: 0, max: 2 / 255 }],
  ["a range held up by eps", [0, 0], 0, { min: 0, max: 0 }],
] as const)(
  "the scale of QuantizationParameters depends on the ends of the range: %s",
  (_, range, symmetric, wanted) => {
    const graph = parseGraph(`g (float min, float max) => (s) {
    s, z = lowbit.QuantizationParameters <qmin = -128, qmax = 127, dtype = "int8", symmetric = ${symmetric}> (min, max)
  }`);
    const editor = new GraphEditor(graph);
    const found = gradients(editor, graph.outputs[0]!, graph.inputs);
    const outputs = [...found.values()].filter((grad) => grad !== null);
    const feeds = new Map([
      ["min", Tensor.scalar("float", range[0])],
      ["max", Tensor.scalar("float", range[1])],
    ]);
    const results = evaluate(graph, feeds, { outputs });
    for (const [input, grad] of found) {
      expect(results.get(grad!.name)!.item()).toBeCloseTo(wanted[input.name as "min" | "max"], 8);
    }
  },
);
