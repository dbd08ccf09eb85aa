import { newModel, parseGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { resultsOf } from "./one-convolution.testing.ts";
import { x86 } from "./x86.ts";

const feeds = { x: seeded("x", "float", [2, 3, 12, 12]) };

/** A convolution of 16-bit codes that are padded before it: ONNX Runtime computes both in float, and pads no such codes. */
const wide = (conv: string): Model =>
  newModel(
    parseGraph(`g (float[2,3,12,12] x) => (y) <
      float s = {0.0001}, uint16 z = {32768}, float t = {0.01}, int8 o = {0}, int8[16,3,3,3] w, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}
    > {
      q = QuantizeLinear (x, s, z)
      d = DequantizeLinear (q, s, z)
      p = Pad (d, pads)
      r = QuantizeLinear (p, s, z)
      e = DequantizeLinear (r, s, z)
      v = DequantizeLinear (w, t, o)
      y = Conv ${conv} (e, v)
    }`),
  );

test.each([
  ["with strides", "<strides = [2, 2]>"],
  ["of few channels", ""],
])("a convolution %s of 16-bit codes is left as it is, and runs", async (_, conv) => {
  const lowered = wide(conv);
  runPasses(lowered, x86({ prefer: "integer" }).lower);
  expect([...lowered.graph.nodes].map(({ op }) => op)).toEqual([...wide(conv).graph.nodes].map(({ op }) => op));
  expect(await resultsOf(lowered, feeds)).toEqual(await resultsOf(wide(conv), feeds));
});
