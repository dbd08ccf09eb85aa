import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { runPasses } from "@lowbit/rewrite";
import type { Feeds } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { resultsOf } from "../one-convolution.testing.ts";
import { gatesInBlocks } from "./gates-in-blocks.ts";
import { reorders } from "./reorders.testing.ts";

/** An image of so many channels, a gate for it, and what reads their product. */
const gated = (
  reader = "Conv (p, w)",
  image = "Mul (a, e)",
  channels = 16,
  plane = "8,6",
  activation = "Sigmoid",
): string => `g (float[N,3,${plane}] x) => (y) <
  float[${channels},3,3,3] v, float[${channels},${channels},1,1] s, float[16,${channels},1,1] w
> {
  a = Conv <pads = [1, 1, 1, 1]> (x, v)
  e = ${activation} (a)
  f = ${image}
  m = GlobalAveragePool (f)
  h = Conv (m, s)
  g = ${activation === "HardSwish" ? "HardSigmoid" : "Sigmoid"} (h)
  p = Mul (g, f)
  y = ${reader}
}`;

const feeds: Feeds = { x: seeded("x", "float", [2, 3, 8, 6]) };

function rewritten(text: string): Model {
  const model = newModel(parseGraph(text));
  runPasses(model, [gatesInBlocks]);
  return model;
}

test("spreads a gate over its image, and computes the same in blocks", async () => {
  const [before, after] = [newModel(parseGraph(gated())), rewritten(gated())];
  const spread = [...after.graph.nodes].find((node) => node.is("Resize"))!;
  expect([spread.input.name, String(spread.output.shape)]).toEqual(["g", "N,16,8,6"]);
  expect(await resultsOf(after, feeds)).toEqual(await resultsOf(before, feeds));
  expect(await reorders(after, feeds)).toBeLessThan(await reorders(before, feeds));
  const text = printGraph(after.graph);
  runPasses(after, [gatesInBlocks]);
  expect(printGraph(after.graph)).toBe(text);
});

test("spreads it over the rows of a large plane first", async () => {
  const text = gated("Conv (p, w)", "Mul (a, e)", 16, "20,18");
  const [before, after] = [newModel(parseGraph(text)), rewritten(text)];
  const spread = [...after.graph.nodes].filter((node) => node.is("Resize"));
  expect(spread.map(({ output }) => String(output.shape))).toEqual(["N,16,20,1", "N,16,20,18"]);
  const images: Feeds = { x: seeded("x", "float", [2, 3, 20, 18]) };
  expect(await resultsOf(after, images)).toEqual(await resultsOf(before, images));
  expect(await reorders(after, images)).toBeLessThan(await reorders(before, images));
});

test("keeps activations that convolutions take in between them", async () => {
  const text = gated("Conv (p, w)", "Relu (e)", 16, "8,6", "HardSwish");
  const [before, after] = [newModel(parseGraph(text)), rewritten(text)];
  expect(await resultsOf(after, feeds)).toEqual(await resultsOf(before, feeds));
  expect(await reorders(after, feeds)).toBeLessThan(await reorders(before, feeds));
});

test.each([
  ["an activation that no convolution takes in", gated("Conv (p, w)", "HardSwish (e)", 16, "8,6", "Relu")],
  ["no convolution reads the product", gated("Softmax <axis = 1> (p)")],
  ["the image is not in blocks", gated("Conv (p, w)", "Softmax <axis = 1> (a)")],
  ["channels fill no block", gated("Conv (p, w)", "Mul (a, e)", 12)],
])("leaves it where %s", (_, text) => {
  expect(printGraph(rewritten(text).graph)).toBe(printGraph(parseGraph(text)));
});
