import { describe, expect, test } from "vitest";

import { meetsTarget, noiseIn, type MetricOutcome, type SearchTarget } from "./target.ts";

const target: SearchTarget = { kind: "drop", metric: "accuracy", most: 1 };
const outcome = (
  drop: number,
  error: number,
  expected: number | null,
  expectedError: number | null,
): MetricOutcome => ({
  metric: 0.9,
  drop,
  error,
  expected,
  expectedError,
  sqnr: null,
});

describe("a drop within a target", () => {
  test.each([
    ["is far enough from it by itself", outcome(0.4, 0.3, null, null), true],
    ["is so by what changed answers are expected to cost", outcome(0.8, 1, 0.5, 0.25), true],
    ["needs a witness", outcome(0.4, 0.6, null, null), false],
    ["needs a witness that is not near the target itself", outcome(-0.4, 0.8, 0.7, 0.2), false],
    ["is none where more is lost than may be, whatever was expected", outcome(1.2, 0.1, 0.1, 0.01), false],
    ["may be exact", outcome(1, 0, null, null), true],
  ])("%s", (_, reached, meets) => {
    expect(meetsTarget(target, reached)).toBe(meets);
  });
});

test("noise is told by what scatters least", () => {
  expect(noiseIn({ ...outcome(0.8, 1, 0.5, 0.25), sqnr: 30 })).toBeCloseTo(0.001, 12);
  expect(noiseIn(outcome(0.8, 1, 0.5, 0.25))).toBe(0.5);
  expect(noiseIn(outcome(0.8, 1, null, null))).toBe(0.8);
  expect(noiseIn({ ...outcome(0, 0, null, null), metric: null, drop: null })).toBe(0);
});
