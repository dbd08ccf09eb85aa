import { blockedDomain, channelBlock } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { legalized } from "./legalized.testing.ts";

const block = await channelBlock();

/** A MaxPool and its gradient over numbers of which many are equal; X and Y as [N, C, ...]. */
function pooling(x: string, y: string, attributes: string): string {
  return `g (float[${x}] u, float[${y}] dy) => (float[${y}] y, float[${x}] dx) {
    x = Round (u)
    y = MaxPool <${attributes}> (x)
    dx = lowbit.MaxPoolGrad <${attributes}> (dy, x, y) }`;
}

const byPosition = (op: string): boolean => op === ":MaxUnpool" || op === ":ScatterElements";

test.each([
  ["pairs of rows and columns", "2,3,4,6", "2,3,2,3", "kernel_shape = [2,2], strides = [2,2]"],
  ["pairs of rows", "2,3,4,5", "2,3,2,5", "kernel_shape = [2,1], strides = [2,1]"],
  [
    "pairs of columns, dilated where there is one row",
    "2,3,3,6",
    "2,3,3,3",
    "kernel_shape = [1,2], strides = [1,2], dilations = [2,1]",
  ],
  ["one axis", "3,2,8", "3,2,4", "kernel_shape = [2], strides = [2]"],
  ["three axes", "2,3,4,2,6", "2,3,2,1,3", "kernel_shape = [2,2,2], strides = [2,2,2]"],
])("what flows back to %s goes to the first of equal maxima, unchanged", async (_, x, y, attributes) => {
  const { ops, error } = await legalized(pooling(x, y, attributes));
  expect(ops.filter(byPosition)).toEqual([]);
  expect(error).toBe(0);
});

test.skipIf(block === 1)("channels that fill blocks are pooled and spread in them", async () => {
  const { ops, error } = await legalized(
    pooling("2,32,4,6", "2,32,2,3", "kernel_shape = [2,2], strides = [2,2]"),
    block,
  );
  expect(ops.filter((op) => op === `${blockedDomain}:MaxPool`)).toHaveLength(4);
  expect(ops.filter(byPosition)).toEqual([]);
  expect(error).toBe(0);
});

test.each([
  ["windows that overlap", "2,3,5,5", "2,3,2,2", "kernel_shape = [3,3], strides = [2,2]"],
  ["windows of three", "2,3,6,6", "2,3,2,2", "kernel_shape = [3,3], strides = [3,3]"],
  ["windows with gaps between them", "2,3,6,6", "2,3,2,2", "kernel_shape = [2,2], strides = [3,3]"],
  ["windows with gaps in them", "2,3,6,6", "2,3,2,2", "kernel_shape = [2,2], strides = [2,2], dilations = [3,3]"],
  ["an edge that is not read", "2,3,5,5", "2,3,2,2", "kernel_shape = [2,2], strides = [2,2]"],
  ["padding", "2,3,4,4", "2,3,3,3", "kernel_shape = [2,2], strides = [2,2], pads = [1,1,1,1]"],
])("by position: %s", async (_, x, y, attributes) => {
  const { ops, error } = await legalized(pooling(x, y, attributes), block);
  expect(ops.filter(byPosition)).toHaveLength(1);
  expect(error).toBeLessThan(2e-5);
});
