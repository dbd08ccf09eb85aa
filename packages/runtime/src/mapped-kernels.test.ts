import { cloneModel, inferShapes, newModel, parseGraph, seeded, Tensor } from "@lowbit/ir";
import { expect, test } from "vitest";
import type { Feeds } from "./feeds.ts";
import { mappedKernels } from "./mapped-kernels.ts";
import { whatRan } from "./what-ran.ts";

/** One line per kernel: its op, whose it is, what else it computes, or what it is for. */
async function kernels(text: string, feeds: Feeds): Promise<readonly string[]> {
  const model = cloneModel(newModel(parseGraph(text)));
  inferShapes(model);
  const mapped = await mappedKernels(model, feeds, whatRan, { threads: 1 });
  return mapped.map(({ kernel, main, sources, purpose }) => {
    const others = sources.filter((node) => node !== main).map(({ label }) => label);
    return `${kernel.op}: ${main?.label ?? purpose}${others.length > 0 ? ` with ${others.join(", ")}` : ""}`;
  });
}

const image = { x: seeded("x", "float", [1, 16, 8, 8]) };

test("a fused kernel is that of its product, and takes in what stands around", async () => {
  const text = `g (float[1,16,8,8] x) => (y) <float[16,16,1,1] w, float s = {0.1}, uint8 z = {128}, int8[16,16,1,1] v, float t = {0.01}, int8 o = {0}> {
    q = QuantizeLinear (x, s, z)
    [d] d = DequantizeLinear (q, s, z)
    [e] e = DequantizeLinear (v, t, o)
    [conv] c = Conv (d, e)
    [p] p = QuantizeLinear (c, s, z)
    [out] y = DequantizeLinear (p, s, z)
  }`;
  const ran = await kernels(text, image);
  expect(ran.filter((line) => !line.startsWith("Transpose"))).toEqual([
    "QuantizeLinear: q",
    "QLinearConv: conv with d, e, p",
    "DequantizeLinear: out",
  ]);
});

test("an op that is taken apart is found behind its parts, nameless ones too", async () => {
  const text = `g (float[1,16,8,8] x) => (y) { [first] a = HardSwish (x) [second] b = HardSwish (a) [top] y = Tanh (b) }`;
  expect(await kernels(text, image)).toEqual([
    "HardSigmoid: first",
    "Mul: first",
    "HardSigmoid: second",
    "Mul: second",
    "Tanh: top",
  ]);
});

test("kernels of a body are those of the node that holds it", async () => {
  const text = `g (bool c, float[2] x) => (y) {
    [choose] y = If (c) <
      then_branch = t () => (float[2] a) { n = Neg (x) a = Abs (n) },
      else_branch = e () => (float[2] b) { b = Exp (x) }
    >
  }`;
  const feeds = { c: Tensor.scalar("bool", 1), x: seeded("x", "float", [2]) };
  expect(await kernels(text, feeds)).toEqual(["Neg: choose", "Abs: choose", "If: choose"]);
});

test("changes of layout say between what they stand", async () => {
  const text = `g (float[1,16,8,8] x) => (y) <float s = {0.1}, uint8 z = {128}, int8[16,16,1,1] v, float t = {0.01}, int8 o = {0}> {
    [in] q = QuantizeLinear (x, s, z)
    d = DequantizeLinear (q, s, z)
    e = DequantizeLinear (v, t, o)
    [conv] c = Conv (d, e)
    p = QuantizeLinear (c, s, z)
    [out] y = DequantizeLinear (p, s, z)
  }`;
  const added = (await kernels(text, image)).filter((line) => line.includes(": layout"));
  expect(added).toEqual([
    `Transpose: layout between QuantizeLinear "in" and Conv "conv"`,
    `Transpose: layout between Conv "conv" and DequantizeLinear "out"`,
  ]);
});
