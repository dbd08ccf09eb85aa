import { newModel, parseGraph, printGraph, type Tensor } from "@lowbit/ir";
import { integerOperators } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Explanation, runPasses } from "@lowbit/rewrite";
import { whatRan } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { groupsTogether } from "./groups-together.ts";
import { backend, comparedWithout, imagesOf, oneConvolution, resultsOf } from "./one-convolution.testing.ts";

const graphOf = (weight: string, group: number, { zero = "0", codes = "int8", image = "N,32,8,8" } = {}): string =>
  `g (float[${image}] x) => (y) <float s = {0.1}, uint8 z = {7}, ${codes} v = {${zero}}, float u = {0.002}, ${codes}[${weight}] w> {
  q = QuantizeLinear (x, s, z)
  d = DequantizeLinear (q, s, z)
  k = DequantizeLinear (w, u, v)
  y = Conv <group = ${group}, pads = [1, 1, 1, 1]> (d, k)
}`;

test("lays the weights of some groups side by side, with zeros between them", () => {
  const model = newModel(parseGraph(graphOf("16,8,3,3", 4)));
  runPasses(model, [groupsTogether]);
  const text = printGraph(model.graph).replaceAll(/\{[^}]*\.\.\.[^}]*\}/g, "{…}");
  expect(text.slice(text.indexOf("<") + 2)).toMatchInlineSnapshot(`
    "  float s = {0.1},
      uint8 z = {7},
      int8 v = {0},
      float u = {0.002},
      int8[16,8,3,3] w,
      int64[4] shape = {1, 4, 4, 72},
      int64[8] zeros_behind = {0, 0, 0, 0, 0, 0, 0, 288},
      int64[2] shape_1 = {4, 1440},
      int64[1] start = {0},
      int64[1] end = {1152},
      int64[1] axis = {1},
      int64[4] shape_2 = {1, 4, 4, 288},
      int64[4] shape_3 = {16, 32, 3, 3}
    > {
      q = QuantizeLinear (x, s, z)
      reshape_out = Reshape (w, shape)
      transpose_out = Transpose <perm = [0, 2, 1, 3]> (reshape_out)
      pad_out = Pad (transpose_out, zeros_behind)
      reshape_out_1 = Reshape (pad_out, shape_1)
      slice_out = Slice (reshape_out_1, start, end, axis)
      reshape_out_2 = Reshape (slice_out, shape_2)
      transpose_out_1 = Transpose <perm = [0, 2, 1, 3]> (reshape_out_2)
      reshape_out_3 = Reshape (transpose_out_1, shape_3)
      dequantizelinear_out = DequantizeLinear (reshape_out_3, u, v)
      dequantizelinear_out_1 = DequantizeLinear (q, s, z)
      y = Conv <group = 1, pads = [1, 1, 1, 1]> (dequantizelinear_out_1, dequantizelinear_out)
    }"
  `);
});

test.each([
  ["groups of 4 as one", "32,4,3,3", "<group = 8, pads = [1, 1, 1, 1]>", 32],
  ["groups of 8 as some", "64,8,3,3", "<group = 8, strides = [2, 2]>", 64],
  ["groups of 24 by two, more channels out than in", "144,24,1,1", "<group = 4>", 96],
  ["groups of 5 by seven", "21,5,3,2", "<group = 7, dilations = [2, 1]>", 35],
])("%s give exactly what they gave", async (_, weight, conv, channels) => {
  const images = imagesOf(channels, [9, 8]);
  const { convolution, model, results, before } = await comparedWithout(groupsTogether, images, conv, weight);
  expect(convolution.int("group", 1)).toBeLessThan(Number(/group = (\d+)/.exec(conv)![1]));
  expect(results).toEqual(before);
  const ran = (await whatRan(model, images)).map(({ op }) => op);
  expect(ran).toContain("QLinearConv");
  // ONNX Runtime makes the filters when it loads the model.
  expect(ran.filter((op) => ["Pad", "Slice"].includes(op))).toEqual([]);
});

test("the interpreter computes what ONNX Runtime computes, code for code", async () => {
  const operators = { ...backend, lower: [...backend.lower, integerOperators] };
  const feeds = imagesOf(32, [9, 8]);
  const [, model] = await oneConvolution(feeds, "<group = 8>", "32,4,3,3", operators);
  expect([...model.graph.nodes].map(({ op }) => op)).toContain("QLinearConv");
  const inputs = new Map<string, Tensor>(Object.entries(feeds));
  const { arithmetic } = backend;
  expect([...evaluate(model.graph, inputs, { arithmetic }).get("y")!.numbers()]).toEqual(await resultsOf(model, feeds));
});

test.each([
  ["one group", graphOf("32,32,3,3", 1), "its groups are fastest alone, or it has none"],
  [
    "groups of enough channels",
    graphOf("64,32,3,3", 2, { image: "N,64,8,8" }),
    "its groups are fastest alone, or it has none",
  ],
  ["a channel per group", graphOf("32,1,3,3", 32), "its groups are fastest alone, or it has none"],
  ["another zero code", graphOf("16,8,3,3", 4, { zero: "3" }), "its zero code is not 0"],
  ["codes without a sign", graphOf("16,8,3,3", 4, { codes: "uint8" }), "its weights are uint8"],
])("leaves %s", (_, text, reason) => {
  const model = newModel(parseGraph(text));
  const explanation = new Explanation(null);
  runPasses(model, [groupsTogether], { explanation });
  expect(printGraph(model.graph)).toBe(printGraph(parseGraph(text)));
  expect(JSON.stringify(explanation.findings())).toContain(reason);
});
