import { newModel, parseGraph, seeded, type Model, type Node } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import { Session, whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { padFewChannels } from "./pad-few-channels.ts";
import { x86 } from "./x86.ts";

const backend = x86({ prefer: "integer" });
const without = { ...backend, lower: backend.lower.filter((pass) => pass !== padFewChannels) };

const feedsOf = (channels: number): Feeds => ({ x: seeded("x", "float", [2, channels, 8, 8]) });

/** The only convolution of a quantized model, and the model. */
async function lowered(channels: number, conv: string, weight: string, lower = backend): Promise<[Node, Model]> {
  const text = `g (float[N,${channels},8,8] x) => (y) <float[${weight}] w, float[6] b> { y = Conv ${conv} (x, w, b) }`;
  const { model } = await quantizeModel(newModel(parseGraph(text)), { backend: lower, data: [feedsOf(channels)] });
  return [[...model.graph.nodes].find(({ op }) => op === "Conv")!, model];
}

async function results(model: Model, feeds: Feeds): Promise<readonly number[]> {
  const session = await Session.create(model);
  const { y } = await session.run(feeds);
  await session.release();
  return [...y!.floats()];
}

test.each([
  [1, "<pads = [1, 1, 1, 1]>", "6,1,3,3"],
  [3, "<pads = [1, 1, 1, 1], strides = [2, 2]>", "6,3,3,3"],
  [2, "", "6,2,1,3"],
])("a convolution of %i channels gets 4 and computes the same", async (channels, conv, weight) => {
  const [padded, model] = await lowered(channels, conv, weight);
  const [, before] = await lowered(channels, conv, weight, without);
  expect(padded.inputs[0]!.producer!.input.producer!.op).toBe("Pad");
  expect(padded.inputs[1]!.producer!.input.shape![1]).toBe(4);
  const feeds = feedsOf(channels);
  expect((await whatRan(model, feeds)).map(({ op }) => op)).toContain("QLinearConv");
  expect(await results(model, feeds)).toEqual(await results(before, feeds));
});

test.each([
  ["4 channels", 4, "", "6,4,3,3"],
  ["a window of 7 by 7", 3, "", "6,3,7,7"],
  ["one product per channel", 3, "", "6,3,1,1"],
  ["groups", 2, "<group = 2>", "6,1,3,3"],
])("a convolution with %s stays as it is", async (_, channels, conv, weight) => {
  const [kept] = await lowered(channels, conv, weight);
  expect(kept.inputs[0]!.producer!.input.producer!.op).toBe("QuantizeLinear");
});
