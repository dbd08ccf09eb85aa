import { whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { padFewChannels } from "./pad-few-channels.ts";
import { comparedWithout, imagesOf, oneConvolution } from "./one-convolution.testing.ts";

const feedsOf = (channels: number): Feeds => imagesOf(channels, [8, 8]);

test.each([
  [1, "<pads = [1, 1, 1, 1]>", "16,1,3,3"],
  [3, "<pads = [1, 1, 1, 1], strides = [2, 1]>", "16,3,3,3"],
  [2, "", "16,2,1,3"],
])("a convolution of %i channels gets 4 and computes the same", async (channels, conv, weight) => {
  const feeds = feedsOf(channels);
  const { convolution, model, results, before } = await comparedWithout(padFewChannels, feeds, conv, weight);
  expect(convolution.inputs[0]!.producer!.input.producer!.op).toBe("Pad");
  expect(convolution.inputs[1]!.producer!.input.shape![1]).toBe(4);
  expect((await whatRan(model, feeds)).map(({ op }) => op)).toContain("QLinearConv");
  expect(results).toEqual(before);
});

test.each([
  ["4 channels", 4, "", "16,4,3,3"],
  ["a window of 7 by 7", 3, "", "16,3,7,7"],
  ["one product per channel", 3, "", "16,3,1,1"],
  ["groups", 2, "<group = 2>", "16,1,3,3"],
  ["8 output channels", 3, "", "8,3,3,3"],
])("a convolution with %s stays as it is", async (_, channels, conv, weight) => {
  const [kept] = await oneConvolution(feedsOf(channels), conv, weight);
  expect(kept.inputs[0]!.producer!.input.producer!.op).toBe("QuantizeLinear");
});
