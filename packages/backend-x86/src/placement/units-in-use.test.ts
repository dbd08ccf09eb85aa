import { findUnits } from "@lowbit/backend-kit";
import { inferShapes, parseGraph, printGraph, shapeText, type Graph, type Shape } from "@lowbit/ir";
import { expect, test } from "vitest";
import { x86 } from "../x86.ts";
import { x86Capabilities } from "../capabilities.ts";
import { unitsInUse } from "./units-in-use.ts";

const image = `g (float[N,64,H,W] x) => (float[N,64,?,?] y) <float[64,64,3,3] v, float[64,64,3,3] w> {
  [first] a = Conv <pads = [1, 1, 1, 1]> (x, v)
  [pool] b = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)
  [last] y = Conv <pads = [1, 1, 1, 1]> (b, w)
}`;

function parsed(text: string): Graph {
  const graph = parseGraph(text);
  inferShapes(graph);
  return graph;
}

function shapesInUse(graph: Graph, inputShapes: Readonly<Record<string, Shape>>): readonly string[] {
  const { units } = findUnits(graph, x86Capabilities());
  return unitsInUse(graph, units, inputShapes).map(({ results }) => shapeText(results[0]!.shape));
}

test("values have the sizes of the inputs in use, and the batch stays open", () => {
  const graph = parsed(image);
  const before = printGraph(graph);
  expect(shapesInUse(graph, { x: [32, 64, 48, 20] })).toEqual(["[N,64,48,20]", "[N,64,24,10]", "[N,64,24,10]"]);
  expect(printGraph(graph)).toBe(before);
});

test("an axis named like a batch stays open wherever it stands", () => {
  const graph = parsed(`g (float[T,N,16] x, float[N,L,16] z) => (y, v) <float[16,16] w> {
    y = MatMul (x, w)
    v = MatMul (z, w)
  }`);
  expect(shapesInUse(graph, { x: [7, 5, 16], z: [5, 9, 16] })).toEqual(["[T,N,16]", "[N,9,16]"]);
});

test.each([
  ["no shapes", {}],
  ["those of other inputs", { z: [1, 64, 8, 8] }],
  ["another rank", { x: [1, 64] }],
  ["sizes that ops cannot have", { x: [1, 64, -1, 8] }],
])("with %s the units are as the model declares them", (_, shapes) => {
  const graph = parsed(image);
  const { units } = findUnits(graph, x86Capabilities());
  expect(unitsInUse(graph, units, shapes)).toBe(units);
});

test("what pays on large images goes to integers, though the model leaves their size open", () => {
  const float = (inputShapes: Readonly<Record<string, Shape>>): number =>
    x86().quantizer.annotate(parsed(image), { inputShapes }).skipped.length;
  expect([float({ x: [1, 64, 2, 2] }), float({ x: [1, 64, 128, 128] })]).toEqual([3, 0]);
});

test("a plan costs more on larger inputs", () => {
  const backend = x86();
  const plan = backend.quantizer.annotate(parsed(image), { inputShapes: { x: [1, 64, 128, 128] } });
  const [small, large] = [64, 128].map((size) => backend.latency!(plan, { x: [1, 64, size, size] }));
  expect(large! / small!).toBeGreaterThan(3);
});
