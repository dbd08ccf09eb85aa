import { costAxes, type CostFamily } from "@lowbit/backend-x86";
import { newModel, parseGraph } from "@lowbit/ir";
import { kernelTimes, type Port } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { madeUpFeeds } from "../made-up-feeds.ts";
import { kernelShape, measuredSizes } from "./kernel-shapes.ts";

/** Kernels that compute with codes, make them, or change the layout around them. */
const onCodes = /^QLinear|^MatMulNBits$|^Nhwc|uantizeLinear$|^MaxPool$|^Resize$|^Concat$|^Transpose$|^Reorder/;

test.each(Object.keys(costAxes) as CostFamily[])("%s: both forms run the kernels that are timed", async (family) => {
  const sizes = measuredSizes[family].map((each) => each[0]!);
  expect(sizes.length).toBe(costAxes[family].length);
  const shape = kernelShape(family, sizes);
  const ran = async (text: string): Promise<readonly string[]> => {
    const model = newModel(parseGraph(text));
    const feeds = madeUpFeeds(model.graph.inputs as readonly unknown[] as readonly Port[], 1);
    const kernels = await kernelTimes(model, feeds, { threads: 1 });
    return kernels.map(({ op }) => op).filter((op) => shape.kernels.some((each) => each.split("/")[0] === op));
  };
  expect((await ran(shape.float)).length).toBeGreaterThan(0);
  expect((await ran(shape.integer)).some((op) => onCodes.test(op))).toBe(true);
});

test("every point of every grid has a graph", () => {
  for (const family of Object.keys(costAxes) as CostFamily[]) {
    const ends = [measuredSizes[family].map((each) => each[0]!), measuredSizes[family].map((each) => each.at(-1)!)];
    for (const at of ends) {
      const { float, integer, work } = kernelShape(family, at);
      for (const text of [float, integer]) expect(parseGraph(text).nodes.length).toBeGreaterThan(0);
      expect(Number.isInteger(work) && work > 0).toBe(true);
    }
  }
});
