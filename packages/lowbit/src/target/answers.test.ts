import { Tensor } from "@lowbit/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answersOf, expectedLoss } from "./answers.ts";

const scores = (...rows: readonly (readonly number[])[]): Tensor =>
  Tensor.of("float", rows.flat(), [rows.length, rows[0]!.length]);

test("a changed answer costs as much as the first one was surer of its own", () => {
  const first = answersOf(scores([0.75, 0.25, 0], [0.5, 0.5, 0]), 2)!;
  expect(first.map(({ best }) => best)).toEqual([0, 0]);
  const other = answersOf(scores([0.25, 0.75, 0], [0, 0, 1]), 2)!;
  // Both samples lose 0.5.
  expect(expectedLoss(first, other)).toEqual({ mean: (0.75 - 0.25 + 0.5 - 0) / 2, error: 0 });
  expect(expectedLoss(first, first)).toEqual({ mean: 0, error: 0 });
});

test("scores that are no probabilities go through softmax", () => {
  const [answer] = answersOf(scores([Math.log(3), 0]), 1)!;
  expect(answer!.likely.get(0)).toBeCloseTo(0.75, 6);
});

test("its error is the standard error of the mean over the samples", () => {
  const first = answersOf(scores([0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]), 4)!;
  const other = answersOf(scores([0.25, 0.75], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]), 4)!;
  const variance = (0.375 ** 2 + 3 * 0.125 ** 2) / 3;
  expect(expectedLoss(first, other)).toEqual({ mean: 0.125, error: Math.sqrt(variance / 4) });
});

test("it is what labels drawn by the probabilities lose on average", () => {
  const row = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(row, row, (a, b) => {
      const total = a.reduce((x, y) => x + y, 0);
      const p = a.map((each) => each / total);
      const [first, other] = [answersOf(scores(p), 1)!, answersOf(scores(b), 1)!];
      // Over all labels: the probability that the first answer is right, less that of the other.
      const right = (best: number): number => p.reduce((sum, each, label) => sum + (label === best ? each : 0), 0);
      expect(expectedLoss(first, other).mean).toBeCloseTo(right(first[0]!.best) - right(other[0]!.best), 5);
      expect(expectedLoss(first, other).mean).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("results of another form have no answers", () => {
  expect(answersOf(Tensor.of("float", [1, 2, 3, 4], [1, 2, 2]), 1)).toBeNull();
  expect(answersOf(Tensor.of("float", [1, 2], [2, 1]), 2)).toBeNull();
});
