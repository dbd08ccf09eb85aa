import { newModel, parseGraph, printGraph, seeded } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { Session, whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { quantizeBeforeClamp } from "./quantize-before-clamp.ts";

const text = (
  clamp: string,
  readers = "",
  op = "Conv (d, e)",
): string => `g (float[1,4,6,6] x) => (y${readers && ", " + readers}) <
  float s = {0.05}, uint8 z = {128}, float t = {0.02}, uint8 m = {100}, int8 v = {0}, int8[8,4,3,3] w, float low = {-0.5}, float high = {0.7}
> {
  q = QuantizeLinear (x, s, z)
  d = DequantizeLinear (q, s, z)
  e = DequantizeLinear (w, t, v)
  p = ${op}
  c = ${clamp}
  r = QuantizeLinear (c, t, m)
  y = DequantizeLinear (r, t, m)
}`;

const ops = (graph: ReturnType<typeof parseGraph>): readonly string[] => [...graph.nodes].map(({ op }) => op);

test.each(["Relu (p)", "Clip (p, low, high)", "Clip (p, , high)"])(
  "%s behind an integer convolution",
  async (clamp) => {
    const [before, after] = [newModel(parseGraph(text(clamp))), newModel(parseGraph(text(clamp)))];
    runPasses(after, [quantizeBeforeClamp]);
    expect(ops(after.graph).slice(3)).toEqual([
      "Conv",
      "QuantizeLinear",
      "DequantizeLinear",
      clamp.slice(0, 4),
      "QuantizeLinear",
      "DequantizeLinear",
    ]);
    const feeds = { x: seeded("x", "float", [1, 4, 6, 6]) };
    const kernels = async (model: typeof before): Promise<readonly string[]> =>
      (await whatRan(model, feeds)).map(({ op }) => op);
    expect(await kernels(before)).not.toContain("QLinearConv");
    expect(await kernels(after)).toContain("QLinearConv");
    const run = async (model: typeof before): Promise<readonly number[]> => {
      const session = await Session.create(model, { optimization: "disabled" });
      const { y } = await session.run(feeds);
      await session.release();
      return [...y!.floats()];
    };
    expect(await run(after)).toEqual(await run(before));
  },
);

test.each([
  ["Add (d, d)", "QLinearAdd"],
  ["Mul (d, d)", "QLinearMul"],
  ["LeakyRelu <alpha = 0.1> (d)", "QLinearLeakyRelu"],
])("%s before a clamp runs on integers", async (op, kernel) => {
  const [before, after] = [text("Relu (p)", "", op), text("Relu (p)", "", op)].map((each) =>
    newModel(parseGraph(each)),
  );
  runPasses(after!, [quantizeBeforeClamp]);
  const feeds = { x: seeded("x", "float", [1, 4, 6, 6]) };
  expect((await whatRan(before!, feeds)).map((each) => each.op)).not.toContain(kernel);
  expect((await whatRan(after!, feeds)).map((each) => each.op)).toContain(kernel);
  const results: number[][] = [];
  for (const model of [before!, after!]) {
    const session = await Session.create(model, { optimization: "disabled" });
    results.push([...(await session.run(feeds))["y"]!.floats()]);
    await session.release();
  }
  expect(results[1]).toEqual(results[0]);
});

test("leaves a product alone that somebody reads without the clamp", () => {
  const model = newModel(parseGraph(text("Relu (p)", "p")));
  const shown = printGraph(model.graph);
  runPasses(model, [quantizeBeforeClamp]);
  expect(printGraph(model.graph)).toBe(shown);
});
