import { whatRan, type Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { columnsAsChannels } from "./columns-as-channels.ts";
import { comparedWithout, imagesOf, oneConvolution } from "./one-convolution.testing.ts";

const feedsOf = (channels: number): Feeds => imagesOf(channels, [20, 11]);

test.each([
  ["10 by 4, with strides and pads", "<pads = [4, 1, 5, 1], strides = [1, 2]>", "16,1,10,4"],
  ["3 by 4", "", "16,1,3,4"],
  ["2 by 8, with other strides each way", "<strides = [1, 3], pads = [0, 2, 1, 0]>", "16,1,2,8"],
])("a window of %s gets its columns as channels and computes the same", async (_, conv, weight) => {
  const feeds = feedsOf(1);
  const { convolution, model, results, before } = await comparedWithout(columnsAsChannels, feeds, conv, weight);
  expect(convolution.inputs[0]!.producer!.input.producer!.op).toBe("Concat");
  expect(convolution.inputs[1]!.producer!.input.shape!.at(-1)).toBe(1);
  const ran = (await whatRan(model, feeds)).map(({ op }) => op);
  expect(ran).toContain("QLinearConv");
  expect(ran.filter((op) => op === "DequantizeLinear")).toHaveLength(1);
  expect(results).toEqual(before);
});

test.each([
  ["2 channels", 2, "", "16,2,3,4"],
  ["a window of 5 columns", 1, "", "16,1,5,5"],
  ["a window that is padded with channels", 1, "", "16,1,2,4"],
  ["gaps in its window", 1, "<dilations = [2, 2]>", "16,1,3,4"],
])("a convolution with %s stays as it is", async (_, channels, conv, weight) => {
  const [kept] = await oneConvolution(feedsOf(channels), conv, weight);
  expect(kept.inputs[0]!.producer!.input.producer!.op).not.toBe("Concat");
});
