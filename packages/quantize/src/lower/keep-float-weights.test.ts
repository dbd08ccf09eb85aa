import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { keepFloatWeights } from "./keep-float-weights.ts";

const feeds = { x: seeded("x", "float", [2, 4, 6, 6]) };

/** A float product between codes. */
const between = (node: string, weight: string, tail = "r = QuantizeLinear (p, t, z)", read = "x"): Model =>
  newModel(
    parseGraph(`g (float[N,4,6,6] x) => (y) <float s = {0.05}, uint8 z = {128}, float t = {0.02}, float[${weight}] w, int8[${weight}] c, int8 o = {0}> {
      v = DequantizeLinear (c, s, o)
      f = Flatten (x)
      q = QuantizeLinear (${read}, s, z)
      d = DequantizeLinear (q, s, z)
      p = ${node}
      ${tail}
      y = DequantizeLinear (r, t, z)
    }`),
  );

const results = async (model: Model, optimization: "all" | "disabled"): Promise<readonly number[]> => {
  const session = await Session.create(model, { optimization });
  const { y } = await session.run(feeds);
  await session.release();
  return [...y!.floats()];
};

const kernels = async (model: Model): Promise<readonly string[]> => (await whatRan(model, feeds)).map(({ op }) => op);

test.each([
  ["Conv", "Conv <pads = [1, 1, 1, 1]> (d, w)", "3,4,3,3", "x", "QLinearConv"],
  ["a convolution of each channel", "Conv <group = 4> (d, w)", "4,1,3,3", "x", "QLinearConv"],
  ["Gemm", "Gemm <transB = 1> (d, w)", "5,144", "f", "QGemm"],
])("%s between codes stays float, to the bit", async (_, node, weight, read, integer) => {
  const before = between(node, weight, undefined, read);
  const after = between(node, weight, undefined, read);
  expect(runPasses(after, [keepFloatWeights]).diagnostics).toEqual([]);
  expect(await kernels(before)).toContain(integer);
  expect(await kernels(after)).not.toContain(integer);
  const wanted = await results(before, "disabled");
  expect(await results(after, "disabled")).toEqual(wanted);
  // A float kernel may sum in another order: a code, at most, is another one.
  for (const [i, value] of (await results(after, "all")).entries()) {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(0.021);
  }
});

test("a Relu behind it does not matter", async () => {
  const model = between("Conv (d, w)", "3,4,3,3", "k = Relu (p)\n r = QuantizeLinear (k, t, z)");
  runPasses(model, [keepFloatWeights]);
  expect(await kernels(model)).not.toContain("QLinearConv");
});

test.each([
  [
    "somebody else reads its result",
    between("Conv (d, w)", "3,4,3,3", "k = Exp (p)\n m = Mul (k, p)\n r = QuantizeLinear (m, t, z)"),
  ],
  ["its weights are codes", between("Conv (d, v)", "3,4,3,3", "r = QuantizeLinear (p, t, z)")],
])("nothing changes where %s", (_, model) => {
  const shown = printGraph(model.graph);
  runPasses(model, [keepFloatWeights]);
  expect(printGraph(model.graph)).toBe(shown);
});
