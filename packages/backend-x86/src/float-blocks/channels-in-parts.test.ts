import { newModel, parseGraph, printGraph, seeded, type Model } from "@lowbit/ir";
import { Explanation, runPasses } from "@lowbit/rewrite";
import { expect, test } from "vitest";
import { resultsOf } from "../one-convolution.testing.ts";
import { channelsInParts } from "./channels-in-parts.ts";
import { reorders } from "./reorders.testing.ts";

/** 16 channels widened to 48 of 32x32, what acts on them, and a convolution of each. */
const widened = (
  between = "e = Sigmoid (a)\n  f = Mul (a, e)",
  results = "y",
  window = "1,1",
): string => `g (float[N,16,32,32] x) => (${results}) <
  float[48,16,${window}] v, float[48] c, float[48,1,3,3] d, float[16,48,1,1] w, float low = {0}, float high = {6}
> {
  [maker] a = Conv (x, v, c)
  ${between}
  [deep] h = Conv <group = 48, pads = [1, 1, 1, 1], strides = [2, 2]> (f, d)
  [last] y = Conv (h, w)
}`;

function inParts(text: string, batch: number): readonly [model: Model, finding: string | undefined] {
  const model = newModel(parseGraph(text));
  const explanation = new Explanation();
  runPasses(model, [channelsInParts.with({ batch })], { explanation });
  const finding = explanation.findings().find(({ at }) => at === "deep")!;
  return [model, finding.reason];
}

const convolutions = (model: Model): readonly string[] =>
  [...model.graph.nodes].flatMap((node) => (node.is("Conv") ? [String(node.inputs[1]!.shape)] : []));

test("computes a block of channels at a time where all leave the cache", async () => {
  const [model] = inParts(widened(), 64);
  expect(convolutions(model)).toEqual([
    ...["16,16,1,1", "16,1,3,3", "16,16,1,1", "16,1,3,3", "16,16,1,1", "16,1,3,3"],
    "16,48,1,1",
  ]);
  expect(String([...model.graph.nodes].find((node) => node.is("Concat"))!.output.shape)).toBe("N,48,16,16");
  const feeds = { x: seeded("x", "float", [2, 16, 32, 32]) };
  const before = newModel(parseGraph(widened()));
  expect(await resultsOf(model, feeds)).toEqual(await resultsOf(before, feeds));
  expect(await reorders(model, feeds)).toBe(await reorders(before, feeds));
  const text = printGraph(model.graph);
  runPasses(model, [channelsInParts.with({ batch: 64 })]);
  expect(printGraph(model.graph)).toBe(text);
});

test("takes as many blocks at a time as fit", () => {
  const [model] = inParts(widened("f = Clip (a, low, high)").replaceAll("48", "192"), 8);
  const deep = convolutions(model).filter((weight) => weight.endsWith("1,3,3"));
  expect(deep).toEqual(["64,1,3,3", "64,1,3,3", "64,1,3,3"]);
});

test.each([
  ["few images", widened(), 8, "it stays in the cache"],
  ["channels that something else reads", widened(undefined, "y, f"), 64, "something else reads it"],
  ["an op along the channels", widened("f = Softmax <axis = 1> (a)"), 64, "it is not element by element"],
  ["a sum with another image", widened("k = Conv (x, v)\n  f = Add (a, k)"), 64, "several convolutions make it"],
  ["larger windows", widened(undefined, "y", "3,3"), 64, "its maker has larger windows"],
  ["channels that fill no blocks", widened().replaceAll("48", "40"), 64, "40 channels fill no blocks"],
])("leaves %s as they are", (_, text, batch, reason) => {
  const [model, finding] = inParts(text, batch);
  expect(finding).toBe(reason);
  expect(printGraph(model.graph)).toBe(printGraph(parseGraph(text)));
});
