import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutPositions, type Span } from "./cut-positions.ts";

/** What ablations cost with these cuts: by switches from the cut before the span to the one behind it, then 1 per cost. */
function costOf(costs: readonly number[], spans: readonly Span[], ends: readonly number[]): number {
  const sum = (from: number, to: number): number => costs.slice(from, to).reduce((a, b) => a + b, 0);
  return spans.reduce((total, { first, last }) => {
    const from = Math.max(0, ...ends.filter((end) => end <= first));
    const to = ends.find((end) => end > last)!;
    return total + 1.3 * sum(from, to) + sum(to, costs.length);
  }, 0);
}

/** All ways to cut `length` nodes into at most `count` segments. */
function allCuts(length: number, count: number): readonly (readonly number[])[] {
  if (count === 1 || length === 1) return [[length]];
  const longer = Array.from({ length: length - 1 }, (_, i) => i + 1).flatMap((end) =>
    allCuts(length - end, count - 1).map((rest) => [end, ...rest.map((each) => end + each)]),
  );
  return [[length], ...longer];
}

const listed = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 }).chain((costs) =>
  fc.record({
    costs: fc.constant(costs),
    spans: fc.array(
      fc
        .tuple(fc.nat(costs.length - 1), fc.nat(costs.length - 1))
        .map(([a, b]): Span => ({ first: Math.min(a, b), last: Math.max(a, b) })),
      { minLength: 1, maxLength: 5 },
    ),
    count: fc.integer({ min: 1, max: 4 }),
  }),
);

describe("cuts into segments", () => {
  test("cost no more than any other cuts", () => {
    fc.assert(
      fc.property(listed, ({ costs, spans, count }) => {
        const ends = cutPositions(costs, spans, count);
        expect(ends.length).toBeLessThanOrEqual(count);
        expect(ends.at(-1)).toBe(costs.length);
        expect(ends).toEqual([...new Set(ends)].toSorted((a, b) => a - b));
        const least = Math.min(...allCuts(costs.length, count).map((cuts) => costOf(costs, spans, cuts)));
        expect(costOf(costs, spans, ends)).toBeCloseTo(least, 6);
      }),
    );
  });

  test("stay away from where none may be", () => {
    const costs = [5, 5, 5, 5, 5, 5];
    const spans = costs.map((_, i): Span => ({ first: i, last: i }));
    expect(cutPositions(costs, spans, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(cutPositions(costs, spans, 6, (index) => index % 2 === 0)).toEqual([2, 4, 6]);
  });

  test("are found in a graph of thousands of nodes", () => {
    const costs = Array.from({ length: 5000 }, (_, i) => 1 + (i % 7));
    const ends = cutPositions(costs, [{ first: 4000, last: 4100 }], 3);
    expect(ends.at(-1)).toBe(5000);
    expect(ends.length).toBeGreaterThan(1);
  });
});
