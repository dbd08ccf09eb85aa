import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { Explanation, runPasses } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { resultsOf } from "../one-convolution.testing.ts";
import { fillBlocks } from "./fill-blocks.ts";
import { reorders } from "./reorders.testing.ts";

/** A convolution to 4 channels, what makes `b` of them, and what reads `b`. */
const around = (
  between: string,
  reader = "Conv (b, w)",
  results = "y",
): string => `g (float[N,16,6,6] x) => (${results}) <
  float[4,16,3,3] v, float[4] c, float[4,1,3,3] d, float[2,4,1,1] s, float[4,2,1,1] t, float[4,4,1,1] p, float[20,4,1,1] w,
  float[16,4,3,3] u, float[4,5,1,1] o, float low = {0}, float high = {6}, float scale = {0.1}, uint8 zero = {128}
> {
  [maker] a = Conv <pads = [1, 1, 1, 1]> (x, v, c)
  ${between}
  [reader] y = ${reader}
}`;

/** Swish, a convolution of each channel, a gate of 2 channels, a residual sum. */
const gated = around(`e = Sigmoid (a)
  f = Mul (a, e)
  g = Conv <group = 4, pads = [1, 1, 1, 1]> (f, d)
  m = GlobalAveragePool (g)
  [squeeze] k = Conv (m, s)
  r = Clip (k, low, high)
  h = Conv (r, t)
  i = Sigmoid (h)
  j = Mul (i, g)
  l = Conv (j, p)
  b = Add (l, f)`);

const feeds: Feeds = { x: seeded("x", "float", [2, 16, 6, 6]) };

function filled(text: string): readonly [model: Model, findings: readonly string[]] {
  const model = newModel(parseGraph(text));
  const explanation = new Explanation();
  runPasses(model, [fillBlocks], { explanation });
  return [model, explanation.findings().map(({ kind, at, reason }) => `${kind} ${at} ${reason ?? ""}`.trim())];
}

const weights = (model: Model): readonly string[] =>
  [...model.graph.nodes].flatMap((node) => (node.is("Conv") ? [String(node.inputs[1]!.shape)] : []));

test("fills all that have the same channels, and what lies between is 16 channels wide", () => {
  const [model, findings] = filled(gated);
  expect(findings).toEqual(["applied maker", "applied squeeze"]);
  expect(weights(model)).toEqual(["16,16,3,3", "16,1,3,3", "16,16,1,1", "16,16,1,1", "16,16,1,1", "20,16,1,1"]);
  expect(String(model.graph.value("b")!.shape)).toBe("N,16,6,6");
  expect(String(model.graph.value("y")!.shape)).toBe("N,20,6,6");
  expect([...model.graph.nodes].map((node) => node.int("group", 1)).filter((group) => group > 1)).toEqual([16]);
  const text = printGraph(model.graph);
  runPasses(model, [fillBlocks]);
  expect(printGraph(model.graph)).toBe(text);
});

test("computes the same, and ONNX Runtime keeps the channels in blocks", async () => {
  const [before, [after]] = [newModel(parseGraph(gated)), filled(gated)];
  const [expected, actual] = [await resultsOf(before, feeds), await resultsOf(after, feeds)];
  // Other kernels sum in another order.
  const largest = Math.max(...expected.map(Math.abs));
  expect(Math.max(...actual.map((each, i) => Math.abs(each - expected[i]!)))).toBeLessThan(1e-5 * largest);
  expect(await reorders(after, feeds)).toBeLessThan(await reorders(before, feeds));
});

test.each([
  ["an output", around("b = Relu (a)", "Conv (b, w)", "y, b"), "near-miss maker it is an output"],
  [
    "codes",
    around("q = QuantizeLinear (a, scale, zero)\n  b = DequantizeLinear (q, scale, zero)"),
    "near-miss maker it does not treat all channels alike in float",
  ],
  [
    "an op along the channels",
    around("b = Softmax <axis = 1> (a)"),
    "near-miss maker it does not treat all channels alike in float",
  ],
  [
    "a larger window",
    around("b = Relu (a)", "Conv (b, u)"),
    "near-miss maker zeros in its window cost more than they save",
  ],
  ["no convolution behind", around("b = Relu (a)", "Relu (b)", "y"), "near-miss maker it is an output"],
])("leaves %s as it is", (_, text, finding) => {
  const [model, findings] = filled(text);
  expect(findings).toEqual([finding]);
  expect(printGraph(model.graph)).toBe(printGraph(parseGraph(text)));
});

test("2 channels are filled where images have one element only", () => {
  const two = (image: string): string =>
    `g (float[N,16,${image}] x) => (y) <float[2,16,1,1] v, float[20,2,1,1] w> {
      a = Conv (x, v)
      y = Conv (a, w)
    }`;
  expect(weights(filled(two("1,1"))[0])).toEqual(["16,16,1,1", "20,16,1,1"]);
  expect(weights(filled(two("6,6"))[0])).toEqual(["2,16,1,1", "20,2,1,1"]);
});
