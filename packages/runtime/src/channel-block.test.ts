import { expect, test } from "vitest";
import { channelBlock } from "./channel-block.ts";

test("the block is known on every x86 processor with AVX, and found only once", async () => {
  expect(process.arch === "x64" ? [8, 16] : [1, 4, 8, 16]).toContain(await channelBlock());
  expect(channelBlock()).toBe(channelBlock());
});
