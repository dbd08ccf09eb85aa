import { whatRan, type Feeds } from "@lowbit/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import { comparedWithout, imagesOf, oneConvolution } from "./one-convolution.testing.ts";
import { stridesAsChannels } from "./strides-as-channels.ts";

test.each([
  ["7 by 7 with an odd pad", 3, [12, 16], "<pads = [3, 3, 3, 3], strides = [2, 2]>", "16,3,7,7", "16,12,4,4"],
  ["3 by 3 of one channel", 1, [8, 8], "<pads = [1, 1, 1, 1], strides = [2, 2]>", "16,1,3,3", "16,4,2,2"],
  ["10 by 4 on an odd image", 1, [49, 10], "<pads = [4, 1, 5, 1], strides = [2, 2]>", "16,1,10,4", "16,4,5,2"],
  [
    "4 by 4 that pads turn into three blocks",
    3,
    [8, 8],
    "<pads = [1, 1, 1, 1], strides = [2, 2]>",
    "16,3,4,4",
    "16,12,2,2",
  ],
  ["patches", 3, [8, 12], "<strides = [4, 4]>", "24,3,4,4", "24,48,1,1"],
  ["5 by 5 with strides one way", 2, [7, 9], "<pads = [2, 2, 2, 2], strides = [1, 2]>", "16,2,5,5", "16,4,5,3"],
] as const)(
  "a window of %s reads blocks as channels and computes the same",
  async (_, channels, plane, conv, weight, turned) => {
    const feeds = imagesOf(channels, plane);
    const { convolution, model, results, before } = await comparedWithout(stridesAsChannels, feeds, conv, weight);
    expect(String(convolution.inputs[1]!.producer!.input.shape)).toBe(turned);
    const ran = (await whatRan(model, feeds)).map(({ op }) => op);
    expect(ran).toContain("QLinearConv");
    expect(ran.filter((op) => op === "DequantizeLinear")).toHaveLength(1);
    expect(results).toEqual(before);
  },
);

test("computes the same whatever the sizes, pads and strides", async () => {
  const size = fc.integer({ min: 1, max: 4 });
  const pad = fc.integer({ min: 0, max: 3 });
  const setting = fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    size,
    size,
    pad,
    pad,
    pad,
    pad,
    size,
    size,
    fc.integer({ min: 7, max: 12 }),
  );
  let turned = 0;
  await fc.assert(
    fc.asyncProperty(setting, async ([channels, height, width, top, left, bottom, right, down, across, side]) => {
      const conv = `<pads = [${top}, ${left}, ${bottom}, ${right}], strides = [${down}, ${across}]>`;
      const feeds: Feeds = imagesOf(channels, [side, side + 1]);
      const weight = `16,${channels},${height},${width}`;
      const { convolution, results, before } = await comparedWithout(stridesAsChannels, feeds, conv, weight);
      if (convolution.inputs[0]!.producer!.input.producer!.is("Transpose")) turned++;
      expect(results).toEqual(before);
    }),
    { seed: 1, numRuns: 60 },
  );
  expect(turned).toBeGreaterThan(10);
});

test.each([
  ["4 channels", 4, "<strides = [2, 2]>", "16,4,3,3"],
  ["8 output channels", 3, "<strides = [2, 2]>", "8,3,3,3"],
  ["no strides", 3, "", "16,3,5,5"],
  ["gaps in its window", 3, "<dilations = [2, 2], strides = [2, 2]>", "16,3,3,3"],
  ["a window that blocks would more than double", 3, "<strides = [4, 4]>", "16,3,5,5"],
])("a convolution with %s stays as it is", async (_, channels, conv, weight) => {
  const [kept] = await oneConvolution(imagesOf(channels, [12, 12]), conv, weight);
  expect(kept.inputs[0]!.producer!.input.producer!.op).not.toBe("Transpose");
});
