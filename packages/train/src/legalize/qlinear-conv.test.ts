import { newModel, parseGraph, type Graph } from "@lowbit/ir";
import { eliminateDeadCode, runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { legalized } from "./legalized.testing.ts";
import { legalize } from "./legalize.ts";

/** A quantized convolution of float data whose codes, zero points and weights are all different from 0. */
function quantizedConv(attributes: string, input: string, output: string, perGroup = 4): string {
  return `g (float[3,4,${input}] x, float[6,${perGroup},3,3] w) => (uint8[3,6,${output}] y)
    <float sx = {0.01}, uint8 zx = {117}, float sw = {0.008}, int8 zw = {0}, float sy = {0.02}, uint8 zy = {99}> {
    qx = QuantizeLinear (x, sx, zx)
    qw = QuantizeLinear (w, sw, zw)
    y = QLinearConv <${attributes}> (qx, sx, zx, qw, sw, zw, sy, zy) }`;
}

function weightsOf(graph: Graph): readonly unknown[] {
  legalize(graph);
  return [...graph.nodes].find((node) => node.op === "QLinearConv")!.inputs[3]!.shape!;
}

test.each([
  ["a padded 1x1 plane", quantizedConv("pads = [1,1,1,1]", "1,1", "1,1"), [6, 4, 1, 1]],
  ["a padded 2x2 plane at stride 2", quantizedConv("pads = [1,1,1,1], strides = [2,2]", "2,2", "1,1"), [6, 4, 2, 2]],
  ["a 1x1 plane with groups", quantizedConv("pads = [1,1,1,1], group = 2", "1,1", "1,1", 2), [6, 2, 1, 1]],
  ["a plane padded at one end", quantizedConv("pads = [0,1,1,0]", "2,2", "1,1"), [6, 4, 2, 2]],
  ["a plane without padding", quantizedConv("group = 1", "3,3", "1,1"), [6, 4, 3, 3]],
  ["more than one output position", quantizedConv("pads = [1,1,1,1]", "2,2", "2,2"), [6, 4, 3, 3]],
])("QLinearConv over %s gives the same codes with the taps it needs", async (_, text, weights) => {
  expect(weightsOf(parseGraph(text))).toEqual(weights);
  expect((await legalized(text)).error).toBe(0);
});

test("only the taps that are needed are scaled and rounded", async () => {
  const text = `g (float[3,4,1,1] x, float[6,4,3,3] w, float[6,1,1,1] k) => (uint8[3,6,1,1] y, float[3,6,1,1] z)
    <float sx = {0.01}, uint8 zx = {117}, float[6] sw = {0.008, 0.01, 0.009, 0.02, 0.011, 0.008},
      int8[6] zw = {0, 0, 0, 0, 0, 0}, float sy = {0.02}, uint8 zy = {99}, int8 low = {-50}, int8 high = {40}> {
    qx = QuantizeLinear (x, sx, zx)
    scaled = Mul (w, k)
    qw = QuantizeLinear <axis = 0> (scaled, sw, zw)
    kept = Clip (qw, low, high)
    fw = DequantizeLinear <axis = 0> (kept, sw, zw)
    y = QLinearConv <pads = [1,1,1,1]> (qx, sx, zx, kept, sw, zw, sy, zy)
    z = Conv <pads = [1,1,1,1]> (x, fw) }`;
  const graph = parseGraph(text);
  legalize(graph);
  runPasses(newModel(graph), [eliminateDeadCode]);
  const ofWeights = [...graph.nodes].filter(({ op }) =>
    ["Mul", "QuantizeLinear", "Clip", "DequantizeLinear"].includes(op),
  );
  const large = ofWeights.filter(({ output }) => output.shape!.join() === "6,4,3,3");
  expect(large).toHaveLength(0);
  expect((await legalized(text)).error).toBeLessThan(1e-6);
});
