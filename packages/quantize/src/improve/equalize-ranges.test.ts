import { newModel, parseGraph, seeded, type Graph, type Tensor } from "@lowbit/ir";
import { evaluate } from "@lowbit/reference";
import { runPasses } from "@lowbit/rewrite";
import { rescaleChannels } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { equalizeRanges } from "./equalize-ranges.ts";

const chain = (): Graph =>
  parseGraph(`net (float[2,3,8,8] x) => (float[2,5] y) <
      float[4,3,3,3] w1, float[4] b1, float[4,1,3,3] w2, float[4] b2, float[6,4,1,1] w3, float[6] b3,
      float[5,24] w4, float[5] b4
    > {
      c1 = Conv <pads = [1,1,1,1]> (x, w1, b1)
      r1 = Relu (c1)
      c2 = Conv <group = 4> (r1, w2, b2)
      r2 = LeakyRelu (c2)
      c3 = Conv (r2, w3, b3)
      r3 = Relu (c3)
      p = MaxPool <kernel_shape = [3,3], strides = [3,3]> (r3)
      f = Flatten (p)
      y = Gemm <transB = 1> (f, w4, b4)
    }`);

const run = (graph: Graph): Float32Array =>
  evaluate(graph, new Map([["x", seeded("x", "float", [2, 3, 8, 8])]]))
    .get("y")!
    .floats();

/** Largest magnitude of each run of `size` weights. */
const reaches = (tensor: Tensor, size: number): number[] => {
  const floats = tensor.floats();
  return Array.from({ length: floats.length / size }, (_, i) =>
    Math.max(...floats.subarray(i * size, (i + 1) * size).map(Math.abs)),
  );
};

const expectNear = (actual: Float32Array, wanted: Float32Array): void => {
  const scale = Math.max(...wanted.map(Math.abs));
  expect(Math.max(...actual.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-5 * scale);
};

test("rescaling channels between Conv, Relu and Conv changes the weights and not the function", () => {
  const [graph, plain] = [chain(), chain()];
  expect(rescaleChannels(graph, 1)).toBe(1);
  const [now, before] = [graph, plain].map((each) => reaches(each.value("w1")!.initializer!, 27)) as [
    number[],
    number[],
  ];
  const factors = now.map((reach, i) => reach / before[i]!);
  expect(Math.max(...factors) / Math.min(...factors)).toBeGreaterThan(4);
  expectNear(run(graph), run(plain));
});

test("equalization keeps the function of a chain of Conv, depthwise Conv and Gemm", () => {
  const graph = chain();
  rescaleChannels(graph, 2);
  const before = run(graph);
  expect(runPasses(newModel(graph), [equalizeRanges], { verifyEach: true }).changed).toBe(4);
  expectNear(run(graph), before);
});

test("both weights reach equally far in each channel afterwards", () => {
  const graph = chain();
  rescaleChannels(graph, 3);
  runPasses(newModel(graph), [equalizeRanges]);
  const firsts = reaches(graph.value("w1")!.initializer!, 27);
  const seconds = reaches(graph.value("w2")!.initializer!, 9);
  firsts.forEach((reach, i) => expect(Math.abs(Math.log(reach / seconds[i]!))).toBeLessThan(0.03));
});

test("a second run changes nothing", () => {
  const model = newModel(chain());
  runPasses(model, [equalizeRanges]);
  expect(runPasses(model, [equalizeRanges]).changed).toBe(0);
});

test("a channel of zero weights stays as it is", () => {
  const graph = parseGraph(`net (float[1,1] x) => (float[1,1] y) <
      float[1,2] w1 = {0, 4}, float[2] b1 = {1, 2}, float[2,1] w2 = {3, 1}
    > {
      h = Gemm (x, w1, b1)
      r = Relu (h)
      y = MatMul (r, w2)
    }`);
  runPasses(newModel(graph), [equalizeRanges]);
  expect([...graph.value("w1")!.initializer!.floats()]).toEqual([0, 2]);
  expect([...graph.value("b1")!.initializer!.floats()]).toEqual([1, 1]);
  expect([...graph.value("w2")!.initializer!.floats()]).toEqual([3, 2]);
});

test("a Clip between two layers is reported and nothing is changed", () => {
  const graph = parseGraph(`net (float[1,3,4,4] x) => (float[1,2,4,4] y) <
      float[4,3,1,1] w1, float[2,4,1,1] w2, float zero = {0}, float six = {6}
    > {
      [first] c = Conv (x, w1)
      [clip] r = Clip (c, zero, six)
      [second] y = Conv (r, w2)
    }`);
  const { changed, diagnostics } = runPasses(newModel(graph), [equalizeRanges]);
  expect(changed).toBe(0);
  expect(diagnostics.map(({ code, where }) => [code, where])).toEqual([["quantize/not-equalized", { node: "first" }]]);
});

test("a result that two nodes read is left alone", () => {
  const graph = parseGraph(`net (float[1,3,4,4] x) => (float[1,4,4,4] y) <float[4,3,1,1] w1, float[4,4,1,1] w2> {
      c = Conv (x, w1)
      r = Relu (c)
      d = Conv (r, w2)
      y = Add (d, r)
    }`);
  expect(runPasses(newModel(graph), [equalizeRanges]).changed).toBe(0);
});
