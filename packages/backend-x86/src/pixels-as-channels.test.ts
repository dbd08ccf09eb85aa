import { newModel, parseGraph, printGraph, type Tensor } from "@lowbit/ir";
import { integerOperators } from "@lowbit/quantize";
import { evaluate } from "@lowbit/reference";
import { Explanation, runPasses } from "@lowbit/rewrite";
import { whatRan } from "@lowbit/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { backend, comparedWithout, imagesOf, oneConvolution, resultsOf } from "./one-convolution.testing.ts";
import { pixelsAsChannels } from "./pixels-as-channels.ts";

/** A convolution of codes, whose result is codes. */
interface Shape {
  readonly image?: string;
  readonly weight?: string;
  readonly conv?: string;
  /** How its result becomes codes. */
  readonly result?: string;
  readonly zero?: string;
  readonly codes?: string;
}

const graphOf = ({
  image = "N,20,8,8",
  weight = "8,20,3,3",
  conv = "<pads = [1, 1, 1, 1]>",
  result = "QuantizeLinear (c, s, z)",
  zero = "0",
  codes = "int8",
}: Shape = {}): string => {
  const outputs = Number(weight.split(",")[0]);
  const each = (number: number): string => Array.from({ length: outputs }, () => number).join();
  return `g (float[${image}] x) => (y) <
  float s = {0.1}, uint8 z = {7}, float[${outputs}] t, ${codes} v = {${zero}}, float u = {0.002}, int32 o = {0},
  float[${outputs}] r = {${each(1)}}, uint8[${outputs}] p = {${each(0)}}, ${codes}[${weight}] w, int32[${outputs}] b
> {
  q = QuantizeLinear (x, s, z)
  d = DequantizeLinear (q, s, z)
  k = DequantizeLinear (w, u, v)
  f = DequantizeLinear <axis = 0> (b, t, o)
  c = Conv ${conv} (d, k, f)
  y = ${result}
}`;
};

test("puts the filters of a convolution at the place of each pixel, and its channels back in rows", () => {
  const model = newModel(parseGraph(graphOf()));
  runPasses(model, [pixelsAsChannels]);
  const text = printGraph(model.graph).replaceAll(/\{[^}]*\.\.\.[^}]*\}/g, "{…}");
  expect(text.slice(text.indexOf("{\n") + 2)).toMatchInlineSnapshot(`
    "  q = QuantizeLinear (x, s, z)
      d = DequantizeLinear (q, s, z)
      pad_out = Pad (w, pads)
      pad_out_1 = Pad (w, pads_1)
      pad_out_2 = Pad (w, pads_2)
      pad_out_3 = Pad (w, pads_3)
      concat_out = Concat <axis = 0> (pad_out, pad_out_1, pad_out_2, pad_out_3)
      dequantizelinear_out = DequantizeLinear (concat_out, u, v)
      dequantizelinear_out_1 = DequantizeLinear <axis = 0> (b, t, o)
      conv_out = Conv <pads = [1, 1, 1, 1], strides = [1, 4]> (d, dequantizelinear_out, dequantizelinear_out_1)
      quantizelinear_out = QuantizeLinear (conv_out, s, z)
      transpose_out = Transpose <perm = [0, 2, 3, 1]> (quantizelinear_out)
      reshape_out = Reshape (transpose_out, rows)
      y = Transpose <perm = [0, 3, 1, 2]> (reshape_out)
    }"
  `);
  const filters = [...model.graph.nodes].find(({ op }) => op === "Concat")!;
  const pads = filters.inputs.map((each) => each!.producer!.inputs[1]!.constant!.numbers().join());
  expect(pads).toEqual(["0,0,0,0,0,0,0,3", "0,0,0,1,0,0,0,2", "0,0,0,2,0,0,0,1", "0,0,0,3,0,0,0,0"]);
  runPasses(model, [pixelsAsChannels]);
  expect(printGraph(model.graph).replaceAll(/\{[^}]*\.\.\.[^}]*\}/g, "{…}")).toBe(text);
});

test.each([
  ["8 of 3 by 3", 20, [12, 16], "<pads = [1, 1, 1, 1]>", "8,20,3,3", "32,20,3,6"],
  ["12", 5, [9, 10], "<pads = [0, 2, 1, 0]>", "12,5,3,3", "24,5,3,4"],
  ["8 behind many", 40, [8, 8], "<pads = [1, 1, 1, 1]>", "8,40,3,3", "16,40,3,4"],
  ["8 with strides", 4, [17, 31], "<pads = [1, 1, 1, 1], strides = [2, 2]>", "8,4,3,3", "32,4,3,9"],
  ["16 of few channels", 12, [16, 16], "<pads = [1, 1, 1, 1]>", "16,12,3,3", "32,12,3,4"],
  ["one, of windows of one element", 8, [32, 32], "", "1,8,1,1", "8,8,1,8"],
  ["8 of few channels, which get a fourth", 3, [10, 10], "", "8,3,3,3", "32,4,3,6"],
  ["8 with blocks of strides", 3, [16, 16], "<pads = [3, 3, 3, 3], strides = [2, 2]>", "8,3,7,7", "32,12,4,7"],
] as const)("%s output channels fill blocks and compute the same", async (_, channels, plane, conv, weight, turned) => {
  const feeds = imagesOf(channels, plane);
  const { convolution, model, results, before } = await comparedWithout(pixelsAsChannels, feeds, conv, weight);
  expect(String(convolution.inputs[1]!.producer!.input.shape)).toBe(turned);
  const ran = (await whatRan(model, feeds)).map(({ op }) => op);
  expect(ran).toContain("QLinearConv");
  expect(ran.filter((op) => op === "DequantizeLinear")).toHaveLength(1);
  // ONNX Runtime makes the filters when it loads the model.
  expect(ran).not.toContain("Concat");
  expect(results).toEqual(before);
});

test("the interpreter computes what ONNX Runtime computes, code for code", async () => {
  const operators = { ...backend, lower: [...backend.lower, integerOperators] };
  const feeds = imagesOf(8, [12, 12]);
  const [, model] = await oneConvolution(feeds, "<pads = [1, 1, 1, 1]>", "8,8,3,3", operators);
  expect([...model.graph.nodes].map(({ op }) => op)).toContain("QLinearConv");
  const inputs = new Map<string, Tensor>(Object.entries(feeds));
  const { arithmetic } = backend;
  expect([...evaluate(model.graph, inputs, { arithmetic }).get("y")!.numbers()]).toEqual(await resultsOf(model, feeds));
});

test("computes the same whatever the sizes, pads and strides", async () => {
  const pad = fc.integer({ min: 0, max: 3 });
  const size = fc.integer({ min: 1, max: 4 });
  const setting = fc.record({
    channels: fc.constantFrom(1, 3, 5, 16, 33),
    outputs: fc.constantFrom(1, 3, 8, 10, 16),
    window: fc.tuple(size, size),
    pads: fc.tuple(pad, pad, pad, pad),
    strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
    plane: fc.tuple(fc.integer({ min: 12, max: 20 }), fc.integer({ min: 12, max: 40 })),
  });
  let turned = 0;
  await fc.assert(
    fc.asyncProperty(setting, async ({ channels, outputs, window, pads, strides, plane }) => {
      const conv = `<pads = [${pads.join()}], strides = [${strides.join()}]>`;
      const feeds = imagesOf(channels, plane);
      const weight = [outputs, channels, ...window].join();
      const { convolution, results, before } = await comparedWithout(pixelsAsChannels, feeds, conv, weight);
      if (convolution.inputs[1]!.shape![0] !== outputs) turned++;
      expect(results).toEqual(before);
    }),
    { seed: 1, numRuns: 60 },
  );
  expect(turned).toBeGreaterThan(15);
}, 60_000);

test.each<[string, Shape, string]>([
  ["more channels than a block", { weight: "24,20,3,3" }, "24 output channels on rows of 8 are fastest as they are"],
  ["rows of an odd number", { image: "N,20,11,11" }, "8 output channels on rows of 11 are fastest as they are"],
  ["a small plane", { image: "N,20,4,4" }, "8 output channels on rows of 4 are fastest as they are"],
  ["a size that is not known", { image: "N,20,H,W" }, "its result is of unknown size"],
  ["groups", { image: "N,20,8,8", weight: "8,10,3,3", conv: "<group = 2>" }, "it is no convolution of images"],
  ["gaps", { conv: "<dilations = [1, 2], pads = [1, 2, 1, 2]>" }, "its window has gaps"],
  ["pads of its own", { conv: '<auto_pad = "SAME_UPPER">' }, "it pads by itself"],
  ["weights of 4 bits", { codes: "int4" }, "its weights are int4, and ONNX Runtime pads and joins none"],
  ["weights around another zero", { zero: "1" }, "its zero code is not 0"],
  ["a result with a scale per channel", { result: "QuantizeLinear (c, r, p)" }, "its result has a scale per channel"],
])("leaves a convolution with %s, and says why", (_, shape, reason) => {
  const model = newModel(parseGraph(graphOf(shape)));
  const explanation = new Explanation(null);
  runPasses(model, [pixelsAsChannels], { explanation });
  expect(printGraph(model.graph)).toBe(printGraph(parseGraph(graphOf(shape))));
  expect(JSON.stringify(explanation.findings())).toContain(reason);
});
