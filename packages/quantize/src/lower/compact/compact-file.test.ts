import { cloneModel, parseModel, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { integerShare, Session, whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { compactFile } from "./compact-file.ts";

const conv = `g (float[1,4,5,5] x) => (float[1,4,5,5] y)
  <float s = {0.1}, uint8 z = {128}, int8[4,4,3,3] w, float[4] ws = {0.1, 0.1, 0.2, 0.1}, int8[4] wz = {0, 0, 0, 0},
   int32[4] b = {1, 2, 3, 4}, float[4] bs = {0.01, 0.01, 0.02, 0.01}, int32[4] bz = {0, 0, 0, 0}> {
    x_q = QuantizeLinear (x, s, z)
    x_dq = DequantizeLinear (x_q, s, z)
    w_dq = DequantizeLinear <axis = 0> (w, ws, wz)
    b_dq = DequantizeLinear <axis = 0> (b, bs, bz)
    [first] c = Conv <dilations = [1, 1], group = 1, kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [1, 1]> (x_dq, w_dq, b_dq)
    c_q = QuantizeLinear (c, s, z)
    y = DequantizeLinear <axis = 1> (c_q, s, z)
  }`;

test("a file says no defaults, no zero points of convolutions that are 0, and codes in short names", () => {
  const model = parseModel(conv);
  expect(runPasses(model, [compactFile]).changed).toBe(11);
  expect(printGraph(model.graph, { maxElements: 4 })).toMatchInlineSnapshot(`
    "g (float[1,4,5,5] x) => (float[1,4,5,5] y)
    <
      float s = {0.1},
      uint8 z = {128},
      int8[4,4,3,3] w,
      float[4] ws = {0.1, 0.1, 0.2, 0.1},
      int32[4] b = {1, 2, 3, 4},
      float[4] bs = {0.01, 0.01, 0.02, 0.01}
    > {
      q = QuantizeLinear (x, s, z)
      q_1 = DequantizeLinear (q, s, z)
      q_2 = DequantizeLinear <axis = 0> (w, ws)
      q_3 = DequantizeLinear <axis = 0> (b, bs)
      [first] c = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (q_1, q_2, q_3)
      q_4 = QuantizeLinear (c, s, z)
      y = DequantizeLinear (q_4, s, z)
    }"
  `);
  expect(runPasses(model, [compactFile]).changed).toBe(0);
});

test("zero points stay where they are not 0, and where products of matrices read them", () => {
  const text = (product: string): string => `g (float[2,2] x) => (float[2,2] y)
    <int8[2,2] w = {1, 2, 3, 4}, float s = {0.1}, int8 z = {0}> {
      f = DequantizeLinear (w, s, z)
      y = ${product} (x, f)
    }`;
  for (const given of [text("MatMul"), text("Gemm"), text("Mul")]) {
    const model = parseModel(given);
    runPasses(model, [compactFile]);
    expect(printGraph(model.graph)).toContain("DequantizeLinear (w, s, z)");
  }
  const shifted = parseModel(conv.replace("wz = {0, 0, 0, 0}", "wz = {0, 0, -1, 0}"));
  runPasses(shifted, [compactFile]);
  expect(printGraph(shifted.graph)).toContain("DequantizeLinear <axis = 0> (w, ws, wz)");
});

test.each(["optimized", "as written"])("the bits stay the same, and integer kernels too: %s", async (how) => {
  const before = parseModel(conv);
  const after = cloneModel(before);
  runPasses(after, [compactFile]);
  const feeds = { x: seeded("x", "float", [1, 4, 5, 5]) };
  const bits = async (model: Model): Promise<Uint8Array> => {
    const session = await Session.create(model, how === "optimized" ? {} : { optimization: "disabled" });
    const { y } = await session.run(feeds);
    await session.release();
    return y!.bytes();
  };
  expect(await bits(after)).toEqual(await bits(before));
  expect(integerShare(await whatRan(after, feeds))).toBe(1);
});
