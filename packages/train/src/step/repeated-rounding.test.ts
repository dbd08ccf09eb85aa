import { parseGraph, printGraph, Tensor, type Graph } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import fc from "fast-check";
import { expect, test } from "vitest";
import { settleRepeatedRounding } from "./repeated-rounding.ts";

const net = (body: string): Graph =>
  parseGraph(`net (float[2,3,4,4] x) => (y) <
    float s = {0.1}, float s2 = {0.2}, uint8 z = {3}, int64[2] rows = {2, -1}, int64[8] pads = {0,0,1,1,0,0,1,1}> {
    r = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, s, z)
    ${body}
  }`);

test("values that were only moved since are not rounded again", () => {
  const graph = net(`p = MaxPool <kernel_shape = [2,2], strides = [2,2]> (r)
    f = Reshape (p, rows)
    y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (f, s, z)`);
  expect(settleRepeatedRounding(graph)).toBe(1);
  expect(printGraph(graph, { types: "none" }).split("{\n").at(-1)).toMatchInlineSnapshot(`
    "  r = lowbit.FakeQuantize <qmin = 0, qmax = 255> (x, s, z)
      p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
      y = Reshape (p, rows)
    }"
  `);
});

test.each([
  ["another scale", `y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (r, s2, z)`],
  ["fewer codes", `y = lowbit.FakeQuantize <qmin = 0, qmax = 15> (r, s, z)`],
  ["a sum", `a = Add (r, r) y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (a, s, z)`],
  ["a choice between two", `a = Max (r, x) y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (a, s, z)`],
  ["an average", `a = GlobalAveragePool (r) y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (a, s, z)`],
])("left alone: %s", (_, body) => {
  expect(settleRepeatedRounding(net(body))).toBe(0);
});

test("where nodes must stay they promise to clip nothing", () => {
  const graph = net(`f = Pad (r, pads) y = lowbit.FakeQuantize <qmin = 0, qmax = 255> (f, s, z)`);
  expect(settleRepeatedRounding(graph, true)).toBe(1);
  expect(graph.outputs[0]!.producer!.int("covers_range", 0)).toBe(1);
});

test("rounding twice is rounding once, and clips no element the second time", () => {
  const body = (x: string): string => `lowbit.FakeQuantize <qmin = 0, qmax = 255> (${x}, s, z)`;
  const graph = parseGraph(`net (float[N] x, float[N] dy, float s, uint8 z) => (once, twice, dx) {
    once = ${body("x")}
    twice = ${body("once")}
    dx = lowbit.FakeQuantizeGrad <qmin = 0, qmax = 255> (dy, once, s, z)
  }`);
  const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(numbers, fc.float({ min: Math.fround(1e-6), max: 100, noNaN: true }), fc.nat(255), (x, scale, zero) => {
      const results = evaluate(
        graph,
        new Map([
          ["x", Tensor.of("float", x)],
          [
            "dy",
            Tensor.of(
              "float",
              x.map((_, i) => i + 1),
            ),
          ],
          ["s", Tensor.scalar("float", scale)],
          ["z", Tensor.scalar("uint8", zero)],
        ]),
      );
      const numbersOf = (name: string): number[] => [...results.get(name)!.numbers()];
      expect(numbersOf("twice")).toEqual(numbersOf("once"));
      expect(numbersOf("dx")).toEqual(numbersOf("dx").map((_, i) => i + 1));
    }),
  );
});
