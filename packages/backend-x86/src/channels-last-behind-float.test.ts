import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { channelsLastBehindFloat } from "./channels-last-behind-float.ts";

/** Two residual blocks on codes behind a stem. @param stem what makes `a` from `x` */
const blocks = (stem: string, second = "Add (c1, d1)", image = "N,16,8,8"): string => `g (float[${image}] x) => (y) <
  float s = {0.1}, uint8 z = {120}, float u = {0.02}, int8 v = {0}, float[16,16,3,3] f, int8[16,16,3,3] w
> {
  ${stem}
  q0 = QuantizeLinear (a, s, z)
  c0 = DequantizeLinear (q0, s, z)
  c1 = DequantizeLinear (q0, s, z)
  k = DequantizeLinear (w, u, v)
  e0 = Conv <pads = [1, 1, 1, 1]> (c0, k)
  p0 = QuantizeLinear (e0, s, z)
  d1 = DequantizeLinear (p0, s, z)
  g0 = ${second}
  q1 = QuantizeLinear (g0, s, z)
  c2 = DequantizeLinear (q1, s, z)
  c3 = DequantizeLinear (q1, s, z)
  k2 = DequantizeLinear (w, u, v)
  e1 = Conv <pads = [1, 1, 1, 1]> (c2, k2)
  p1 = QuantizeLinear (e1, s, z)
  d2 = DequantizeLinear (p1, s, z)
  g1 = Add (c3, d2)
  q2 = QuantizeLinear (g1, s, z)
  y = DequantizeLinear (q2, s, z)
}`;

const floatStem = "a = Conv <pads = [1, 1, 1, 1]> (x, f)";

const feeds: Feeds = { x: seeded("x", "float", [2, 16, 8, 8]) };

function rewritten(text: string): Model {
  const model = newModel(parseGraph(text));
  runPasses(model, [channelsLastBehindFloat]);
  return model;
}

const transposes = async (model: Model): Promise<number> =>
  (await whatRan(model, feeds)).filter(({ op }) => op === "Transpose").length;

const resultOf = async (model: Model): Promise<readonly number[]> => {
  const session = await Session.create(model);
  const { y } = await session.run(feeds);
  await session.release();
  return [...y!.floats()];
};

test("ONNX Runtime changes the order once before residual blocks, not in each of them, and computes the same", async () => {
  const [before, after] = [newModel(parseGraph(blocks(floatStem))), rewritten(blocks(floatStem))];
  expect([...after.graph.nodes].slice(1, 6).map(({ op }) => op)).toEqual([
    "QuantizeLinear",
    "Reshape",
    "Transpose",
    "Reshape",
    "Transpose",
  ]);
  expect([await transposes(before), await transposes(after)]).toEqual([4, 2]);
  expect(await resultOf(after)).toEqual(await resultOf(before));
});

test("a second time changes nothing", () => {
  const model = rewritten(blocks(floatStem));
  const text = printGraph(model.graph);
  runPasses(model, [channelsLastBehindFloat]);
  expect(printGraph(model.graph)).toBe(text);
});

const onCodes = `q = QuantizeLinear (x, s, z)
  d = DequantizeLinear (q, s, z)
  k0 = DequantizeLinear (w, u, v)
  a = Conv <pads = [1, 1, 1, 1]> (d, k0)`;

test.each([
  ["comes from a kernel on codes", blocks(onCodes)],
  ["only convolutions read", blocks(floatStem, "Relu (d1)")],
  ["is of unknown size", blocks(floatStem, undefined, "N,16,H,W")],
])("an image that %s stays as it is", (_, text) => {
  expect(printGraph(rewritten(text).graph)).toBe(printGraph(parseGraph(text)));
});
