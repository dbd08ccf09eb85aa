import { describe, expect, test } from "vitest";
import { gradientCases } from "./cases/all.testing.ts";
import { agrees, compareWithDifferences } from "./cases/gradient-check.testing.ts";
import { gradientRules } from "./gradient-rules.ts";

/** Ops whose gradient is deliberately not the derivative (straight through the rounding); see quantization.test.ts. */
const straightThrough = ["FakeQuantize", "QuantizeLinear", "DequantizeLinear", "QuantizationParameters"];

describe.each(["static", "unknown"] as const)("with %s shapes, the gradient is the finite difference of", (shapes) => {
  const cases = gradientCases.filter((row) => shapes === "static" || !row.staticOnly);
  test.each(cases.map((row) => [row.op, row.title, row] as const))("%s: %s", (_op, _title, row) => {
    const comparisons = compareWithDifferences(row, shapes);
    expect(comparisons.filter((comparison) => !agrees(comparison))).toEqual([]);
    expect(comparisons.some(({ difference }) => difference !== 0)).toBe(true);
  });
});

test("every op with a rule has a case", () => {
  const covered = new Set<string>([...gradientCases.map((row) => row.op), ...straightThrough]);
  const withRule = Object.entries(gradientRules).filter(
    ([, entry]) => typeof entry === "function" || entry.kind === "codes",
  );
  expect(withRule.map(([op]) => op).filter((op) => !covered.has(op))).toEqual([]);
});
