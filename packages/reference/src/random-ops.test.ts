import { expect, test } from "vitest";
import { evaluateText, tensorText } from "./text-graph.testing.ts";

test("random ops repeat with the seed of the evaluation, and differ with another one", () => {
  const text = `g () => (float[4] y) { y = RandomNormal <shape = [4]> () }`;
  const draw = (seed: number): string => tensorText(evaluateText(text, {}, { seed }).get("y"));
  expect(draw(1)).toBe(draw(1));
  expect(draw(1)).not.toBe(draw(2));
});

test("a node's own seed comes before that of the evaluation", () => {
  const text = `g () => (float[4] y) { y = RandomUniform <shape = [4], seed = 3.0> () }`;
  const draw = (seed: number): string => tensorText(evaluateText(text, {}, { seed }).get("y"));
  expect(draw(1)).toBe(draw(2));
});

test("samples have the distribution's mean and spread", () => {
  const text = `g () => (float[20000] n, float[20000] u) {
    n = RandomNormal <shape = [20000], mean = 3.0, scale = 2.0> ()
    u = RandomUniform <shape = [20000], low = -1.0, high = 5.0> ()
  }`;
  const results = evaluateText(text, {}, { seed: 5 });
  const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const spread = (values: Float64Array): number => {
    const center = mean(values);
    return Math.sqrt(mean(values.map((x) => (x - center) ** 2)));
  };
  const [n, u] = [results.get("n")!.numbers(), results.get("u")!.numbers()];
  expect(mean(n)).toBeCloseTo(3, 1);
  expect(spread(n)).toBeCloseTo(2, 1);
  expect(mean(u)).toBeCloseTo(2, 1);
  expect(spread(u)).toBeCloseTo(6 / Math.sqrt(12), 1);
});

test("Dropout in training drops the given share and scales the rest up", () => {
  const text = `g (float[10000] x) => (float[10000] y, bool[10000] mask) <float ratio = {0.25}, bool training = {1}> {
    y, mask = Dropout(x, ratio, training)
  }`;
  const results = evaluateText(text, { x: Array.from({ length: 10000 }, () => 3) }, { seed: 9 });
  const [y, mask] = [results.get("y")!.numbers(), results.get("mask")!.numbers()];
  expect(mask.reduce((sum, x) => sum + x, 0) / 10000).toBeCloseTo(0.75, 1);
  expect(new Set(y)).toEqual(new Set([0, 4]));
  expect(y.every((element, i) => (element !== 0) === (mask[i] === 1))).toBe(true);
});

test("Bernoulli and Multinomial draw with the given probabilities", () => {
  const text = `g (float[10000] p, float[1,3] logits) => (float[10000] b, int32[1,10000] m) {
    b = Bernoulli(p)
    m = Multinomial <sample_size = 10000> (logits)
  }`;
  const results = evaluateText(
    text,
    { p: Array.from({ length: 10000 }, () => 0.3), logits: [Math.log(0.2), Math.log(0.5), Math.log(0.3)] },
    { seed: 13 },
  );
  const drawn = results.get("m")!.numbers();
  const share = (index: number): number => drawn.filter((x) => x === index).length / drawn.length;
  expect(
    results
      .get("b")!
      .numbers()
      .reduce((sum, x) => sum + x, 0) / 10000,
  ).toBeCloseTo(0.3, 1);
  expect([share(0), share(1), share(2)].map((x) => Math.round(x * 10) / 10)).toEqual([0.2, 0.5, 0.3]);
});
