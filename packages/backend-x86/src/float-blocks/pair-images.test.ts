import { isStatic, newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { resultsOf } from "../one-convolution.testing.ts";
import { pairImages } from "./pair-images.ts";

/** 8 channels with a gate of 2 and a residual sum, widened to 48; then what reads them. */
const few = (
  count: number | "N",
  channels = 8,
  results = "y",
): string => `g (float[${count},3,64,64] x) => (${results}) <
  float[${channels},3,3,3] v, float[${channels}] c, float[${channels},1,3,3] d, float[2,${channels},1,1] s, float[${channels},2,1,1] t,
  float[${channels},${channels},1,1] p, float[48,${channels},1,1] u, float[8,48,1,1] w, float low = {0}, float high = {6}
> {
  [first] a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, v, c)
  e = Sigmoid (a)
  f = Mul (a, e)
  g = Conv <group = ${channels}, pads = [1, 1, 1, 1]> (f, d)
  m = GlobalAveragePool (g)
  k = Conv (m, s)
  r = Clip (k, low, high)
  h = Conv (r, t)
  i = Sigmoid (h)
  j = Mul (i, g)
  l = Conv (j, p)
  b = Add (l, f)
  o = Conv (b, u)
  q = Relu (o)
  [last] z = Conv (q, w)
  y = Softmax <axis = 1> (z)
}`;

function paired(text: string, batch = 64): Model {
  const model = newModel(parseGraph(text));
  runPasses(model, [pairImages.with({ batch })]);
  return model;
}

const weights = (model: Model): readonly string[] =>
  [...model.graph.nodes].flatMap((node) => (node.is("Conv") ? [String(node.inputs[1]!.shape)] : []));

test("computes two images as one up to where that saves nothing more", () => {
  const { graph } = paired(few("N"));
  expect(weights({ graph } as Model)).toEqual([
    ...["16,6,3,3", "16,1,3,3", "4,16,1,1", "16,4,1,1", "16,16,1,1", "96,16,1,1", "16,96,1,1"],
  ]);
  const parted = graph.value("y")!.producer!.input;
  expect([parted.producer!.op, String(parted.shape)]).toEqual(["Slice", "N,8,32,32"]);
  expect([...graph.nodes].flatMap((node) => (node.is("Conv") ? [node.int("group", 1)] : []))[1]).toBe(16);
  const text = printGraph(graph);
  runPasses(newModel(graph), [pairImages.with({ batch: 64 })]);
  expect(printGraph(graph)).toBe(text);
});

test.each([1, 2, 5, 6])("gives the same of %i images", async (count) => {
  const feeds = { x: seeded("x", "float", [count, 3, 64, 64]) };
  const [expected, actual] = [
    await resultsOf(newModel(parseGraph(few("N"))), feeds),
    await resultsOf(paired(few("N")), feeds),
  ];
  expect(actual).toHaveLength(expected.length);
  // Other kernels sum in another order.
  const largest = Math.max(...expected.map(Math.abs));
  expect(Math.max(...actual.map((each, i) => Math.abs(each - expected[i]!)))).toBeLessThan(1e-5 * largest);
});

test("needs no partner for the last of a fixed even number, and no symbols", () => {
  const { nodes, values } = paired(few(64)).graph;
  const ops = [...nodes].map(({ op }) => op);
  expect(ops.filter((op) => ["Slice", "Shape", "Concat", "Reshape"].includes(op))).toEqual(["Reshape", "Reshape"]);
  expect([...values.values()].every(({ shape }) => shape && isStatic(shape))).toBe(true);
});

test.each([
  ["one image", few("N"), 1],
  ["few images, for which the nodes around them cost more", few("N"), 2],
  ["a fixed odd number of images", few(63), 64],
  ["channels that fill a block", few("N", 16), 64],
  ["what the model returns on the way", few("N", 8, "y, a"), 64],
])("leaves %s as they are", (_, text, batch) => {
  expect(printGraph(paired(text, batch).graph)).toBe(printGraph(parseGraph(text)));
});
