import { blockedDomain, channelBlock } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { legalized } from "./legalized.testing.ts";

const block = await channelBlock();
const onBlocks = `${blockedDomain}:Conv`;

/** A convolution of 32 channels and both gradients: the windows' attributes, the plane, and the plane it makes. */
const windows: readonly (readonly [attributes: string, input: string, output: string, kernel: string])[] = [
  ["pads = [1,1,1,1]", "8,8", "8,8", "3,3"],
  ["pads = [1,1,1,1], strides = [2,2]", "8,6", "4,3", "3,3"],
  ["pads = [1,1,1,1], strides = [2,2]", "7,5", "4,3", "3,3"],
  ["pads = [0,1,2,1], strides = [1,2]", "5,6", "5,3", "3,3"],
  ["pads = [2,2,2,2], dilations = [2,2]", "6,6", "6,6", "3,3"],
  ["strides = [3,3]", "8,8", "2,2", "3,3"],
  ["pads = [2,2,2,2], strides = [2,1]", "9,7", "5,7", "5,5"],
  ["kernel_shape = [1,1]", "4,3", "4,3", "1,1"],
  ['auto_pad = "SAME_UPPER", strides = [2,2]', "6,7", "3,4", "2,3"],
];

test.skipIf(block === 1).each(windows)("a depthwise convolution with %s over %s runs on blocks", async (...window) => {
  const [attributes, input, output, kernel] = window;
  const { ops, error } = await legalized(
    `g (float[2,32,${input}] x, float[2,32,${output}] dy, float[32,1,${kernel}] w, float[32] b)
      => (float[2,32,${output}] y, float[2,32,${input}] dx, float[32,1,${kernel}] dw) {
      y = Conv <group = 32, ${attributes}> (x, w, b)
      dx = lowbit.ConvGradInput <group = 32, ${attributes}> (dy, w, x)
      dw = lowbit.ConvGradWeight <group = 32, ${attributes}> (dy, x, w) }`,
    block,
  );
  expect(ops.filter((op) => op === onBlocks)).toHaveLength(3);
  // x, dy, the weights, and the weights turned around: what several convolutions read is reordered once.
  expect(ops.filter((op) => op === `${blockedDomain}:ReorderInput`)).toHaveLength(4);
  expect(error).toBeLessThan(2e-5);
});

test.skipIf(block === 1).each([
  ["channels that do not fill a block", "12", "1", "pads = [1,1,1,1]", "8,8", "8,8", "3,3"],
  ["two channels in each group", "32", "2", "pads = [1,1,1,1]", "8,8", "8,8", "3,3"],
  ["padding wider than the kernel", "32", "1", "pads = [1,1,1,1]", "4,4", "6,6", "1,1"],
])(
  "%s leave a convolution with groups on plain ops",
  async (_, channels, perGroup, attributes, input, output, kernel) => {
    const group = Number(channels) / Number(perGroup);
    const { ops, error } = await legalized(
      `g (float[2,${channels},${input}] x, float[2,${channels},${output}] dy, float[${channels},${perGroup},${kernel}] w)
      => (float[2,${channels},${output}] y, float[2,${channels},${input}] dx, float[${channels},${perGroup},${kernel}] dw) {
      y = Conv <group = ${group}, ${attributes}> (x, w)
      dx = lowbit.ConvGradInput <group = ${group}, ${attributes}> (dy, w, x)
      dw = lowbit.ConvGradWeight <group = ${group}, ${attributes}> (dy, x, w) }`,
      block,
    );
    expect(ops).not.toContain(onBlocks);
    expect(error).toBeLessThan(2e-5);
  },
);
