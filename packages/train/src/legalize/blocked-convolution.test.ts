import { blockedDomain, channelBlock } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { legalized } from "./legalized.testing.ts";

const block = await channelBlock();
const onBlocks = `${blockedDomain}:Conv`;

/** A convolution with a bias and both of its gradients, between shapes as in the text of a graph. */
function convolution(x: string, w: string, y: string, attributes: string): string {
  return `g (float[${x}] x, float[${w}] w, float[${w.split(",")[0]}] b, float[${y}] dy) => (float[${y}] y, float[${x}] dx, float[${w}] dw) {
    y = Conv <${attributes}> (x, w, b)
    dx = lowbit.ConvGradInput <${attributes}> (dy, w, x)
    dw = lowbit.ConvGradWeight <${attributes}> (dy, x, w) }`;
}

test.skipIf(block === 1).each([
  ["there and back", "4,16,8,8", "16,16,2,1", "4,16,8,8", "pads = [1,0,0,0]", 2],
  ["several blocks", "4,32,8,8", "16,32,1,2", "4,16,8,8", "pads = [0,0,0,1]", 2],
  ["with dilation", "4,16,8,8", "16,16,1,2", "4,16,8,8", "pads = [0,1,0,1], dilations = [1,2]", 2],
  ["only there at stride 2", "4,16,16,8", "16,16,2,1", "4,16,8,8", "strides = [2,1]", 1],
  ["only there, from few channels", "4,3,16,16", "16,3,2,2", "4,16,8,8", "strides = [2,2]", 1],
  ["not for kernels of one tap", "4,16,8,8", "16,16,1,1", "4,16,8,8", "strides = [1,1]", 0],
  ["not for channels that fill no blocks", "5,20,8,8", "12,20,1,2", "5,12,8,7", "strides = [1,1]", 0],
  ["not for few positions", "2,16,8,8", "16,16,1,2", "2,16,8,8", "pads = [0,0,0,1]", 0],
] as const)("a convolution on blocks of channels: %s", async (_, x, w, y, attributes, inBlocks) => {
  const { ops, error } = await legalized(convolution(x, w, y, attributes), block);
  expect(ops.filter((op) => op === onBlocks)).toHaveLength(inBlocks);
  expect(error).toBeLessThan(2e-5);
});

test.skipIf(block === 1).each([
  ["one channel", "3,1,16,16", "16,1,3,3", "3,16,8,8"],
  ["patches of more than a block", "3,3,16,16", "32,3,3,3", "3,32,8,8"],
])("what is pooled right behind stays in blocks up to the gradient of weights: %s", async (_, x, w, pooled) => {
  const { ops, error } = await legalized(
    `g (float[${x}] x, float[${w}] w, float[${pooled}] dp) => (float[${pooled}] p, float[${w}] dw) {
      y = Conv <pads = [1,1,1,1]> (x, w)
      p = MaxPool <kernel_shape = [2,2], strides = [2,2]> (y)
      dy = lowbit.MaxPoolGrad <kernel_shape = [2,2], strides = [2,2]> (dp, y, p)
      dw = lowbit.ConvGradWeight <pads = [1,1,1,1]> (dy, x, w) }`,
    block,
  );
  expect(ops.filter((op) => op === onBlocks)).toHaveLength(2);
  expect(ops.filter((op) => op === `${blockedDomain}:MaxPool`)).toHaveLength(5);
  expect(error).toBeLessThan(2e-5);
});
