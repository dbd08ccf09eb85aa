import { newModel, parseGraph, type Graph } from "@lowbit/ir";
import { blockedDomain, channelBlock, Session } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { inputsOf } from "./legalized.testing.ts";
import { legalize } from "./legalize.ts";

const block = await channelBlock();
const onBlocks = `${blockedDomain}:Conv`;

interface Case {
  readonly about: string;
  readonly x: string;
  readonly w: string;
  readonly y: string;
  readonly attributes?: string;
}

/** Convolutions that ONNX Runtime runs on blocks of channels where their weights are constants. */
const blockedCases: readonly Case[] = [
  { about: "three channels", x: "2,3,9,8", w: "32,3,3,3", y: "2,32,9,8", attributes: "pads = [1,1,1,1]" },
  { about: "few channels into part of a block", x: "2,3,9,8", w: "10,3,3,3", y: "2,10,7,6" },
  {
    about: "whole blocks",
    x: "2,32,6,5",
    w: "48,32,3,3",
    y: "2,48,3,3",
    attributes: "strides = [2,2], pads = [1,1,1,1]",
  },
  { about: "parts of blocks", x: "2,20,6,5", w: "12,20,3,3", y: "2,12,6,5", attributes: "pads = [1,1,1,1]" },
  { about: "a 1x1 kernel over many channels", x: "3,288,4,4", w: "64,288,1,1", y: "3,64,4,4" },
  { about: "a small plane", x: "4,64,2,2", w: "32,64,3,3", y: "4,32,2,2", attributes: "pads = [1,1,1,1]" },
  {
    about: "one channel per group",
    x: "2,32,5,5",
    w: "32,1,3,3",
    y: "2,32,5,5",
    attributes: "group = 32, pads = [1,1,1,1]",
  },
  {
    about: "one channel per group in part of a block",
    x: "2,20,5,5",
    w: "20,1,3,3",
    y: "2,20,5,5",
    attributes: "group = 20, pads = [1,1,1,1]",
  },
  { about: "groups of whole blocks", x: "2,64,5,5", w: "64,32,3,3", y: "2,64,3,3", attributes: "group = 2" },
  { about: "dilated taps", x: "1,16,9,9", w: "16,16,3,3", y: "1,16,5,5", attributes: "dilations = [2,2]" },
];

/** Convolutions that stay plain where their weights are constants. */
const plainCases: readonly Case[] = [
  { about: "channels of input that cannot be reordered", x: "2,18,6,5", w: "32,18,3,3", y: "2,32,4,3" },
  { about: "groups of parts of blocks", x: "2,24,5,5", w: "48,4,3,3", y: "2,48,3,3", attributes: "group = 6" },
  { about: "one axis", x: "2,32,9", w: "32,32,3", y: "2,32,7" },
];

test.skipIf(block === 1).each(blockedCases)("a convolution of $about sums as with constant weights", async (each) => {
  const { ops, differing } = await besideConstants(each);
  expect(ops).toContain(onBlocks);
  expect(differing).toBe(0);
});

test.each(plainCases)("a convolution of $about stays plain, as with constant weights", async (each) => {
  const { ops, differing } = await besideConstants(each);
  expect(ops).toEqual([":Conv"]);
  expect(differing).toBe(0);
});

test("a convolution whose weights are codes, which ONNX Runtime does not fold, stays plain", () => {
  const graph = parseGraph(
    `g (float[2,3,9,8] x, float[16,3,3,3] w) => (float[2,16,7,6] y) <float s = {0.1}, int4 z = {0}> {
      f = lowbit.FakeQuantize <qmin = -7, qmax = 7> (w, s, z)
      y = Conv (x, f) }`,
  );
  legalize(graph, block, true);
  expect([...graph.nodes].at(-1)!.domain).toBe("");
});

test.skipIf(block === 1)("a convolution whose weights do not change is left to ONNX Runtime", () => {
  const graph = parseGraph(`g (float[2,3,9,8] x) => (float[2,16,7,6] y) <float[16,3,3,3] w> { y = Conv (x, w) }`);
  expect(legalize(graph, block, true)).toBe(0);
});

/** How many results differ from those of ONNX Runtime with constant weights, and the ops that made them. */
async function besideConstants({ x, w, y, attributes = "" }: Case): Promise<{ ops: string[]; differing: number }> {
  const [channels] = w.split(",");
  const weights = `float[${w}] w, float[${channels}] b`;
  const body = `{ y = Conv ${attributes === "" ? "" : `<${attributes}>`} (x, w, b) }`;
  const constant = parseGraph(`g (float[${x}] x) => (float[${y}] y) <${weights}> ${body}`);
  const graph = parseGraph(`g (float[${x}] x, ${weights}) => (float[${y}] y) ${body}`);
  const feeds = Object.fromEntries(inputsOf(graph));
  for (const name of ["w", "b"]) feeds[name] = constant.value(name)!.constant!;
  legalize(graph, block, true);
  const [changing, deployed] = [await result(graph, feeds), await result(constant, { x: feeds["x"]! })];
  const ops = [...graph.nodes].map((node) => `${node.domain}:${node.op}`);
  return { ops, differing: changing.filter((value, i) => value !== deployed[i]).length };
}

async function result(graph: Graph, feeds: Parameters<Session["run"]>[0]): Promise<Float32Array> {
  const model = newModel(graph);
  model.opsets.set(blockedDomain, 1);
  const session = await Session.create(model);
  const results = await session.run(feeds);
  await session.release();
  return results["y"]!.floats();
}
