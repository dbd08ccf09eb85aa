import { describe, expect, test } from "vitest";
import type { FoundPlans } from "./plan-problem.ts";
import { searchPlan } from "./search-plan.ts";

/** Layers whose noises add up; what each costs in float. */
function problem(
  noises: Readonly<Record<string, number>>,
  most: number,
  costs: Readonly<Record<string, number>> = {},
  wide: ReadonlySet<string> = new Set(),
) {
  const order = Object.keys(noises).toSorted((a, b) => noises[a]! / (costs[a] ?? 1) - noises[b]! / (costs[b] ?? 1));
  const measured: string[] = [];
  const search = searchPlan({
    target: { kind: "drop", metric: "accuracy", most },
    order,
    wide,
    samples: 100,
    costOf: ({ float, wide: half }) =>
      [...float].reduce((sum, name) => sum + (costs[name] ?? 1), 0) +
      [...half].reduce((sum, name) => sum + (costs[name] ?? 1) / 2, 0),
    measure: ({ float, wide: half }) => {
      measured.push(`${[...float].join("")}/${[...half].join("")}`);
      // 16 bits make a tenth of the noise.
      const noiseOf = (name: string): number => (half.has(name) ? noises[name]! / 10 : noises[name]!);
      const drop = order.reduce((sum, name) => (float.has(name) ? sum : sum + noiseOf(name)), 0);
      return Promise.resolve({
        metric: 1 - drop / 100,
        drop,
        error: null,
        expected: null,
        expectedError: null,
        sqnr: null,
      });
    },
  });
  return { search, measured };
}

const best = ({ tried, within }: FoundPlans): string => tried[within[0]!]!.float.join("");

describe("the search for the layers to leave float", () => {
  test("leaves none float when all may be quantized, after one measurement", async () => {
    const { search, measured } = problem({ a: 0.1, b: 0.2 }, 1);
    const found = await search;
    expect([best(found), measured, found.stopped]).toEqual(["", ["/"], "the plan is within the target as it is"]);
  });

  test("finds the one bad layer of many in few measurements", async () => {
    const noises = Object.fromEntries("abcdefghijklmnop".split("").map((name) => [name, name === "k" ? 50 : 0.05]));
    const { search, measured } = problem(noises, 1);
    expect(best(await search)).toBe("k");
    expect(measured.length).toBeLessThanOrEqual(6);
  });

  test("goes on behind a layer that is too much, to ones that still fit", async () => {
    // By noise for what it saves, b comes before c, but only c fits beside a.
    const { search } = problem({ a: 0.5, b: 2, c: 0.4 }, 1, { a: 10, b: 10, c: 1 });
    expect(best(await search)).toBe("b");
  });

  test("lists the plans within the target, the cheapest first", async () => {
    const found = await problem({ a: 0.2, b: 0.9, c: 0.95 }, 1, { a: 1, b: 3, c: 3 }).search;
    const costs = found.within.map((index) => found.tried[index]!.cost);
    expect(costs).toEqual(costs.toSorted((x, y) => x - y));
    // By noise for what it saves, a goes first; without it and c the others are within the target for less.
    expect(best(found)).toBe("ac");
  });

  test("finds nothing within a target that no layer keeps, and tells the closest", async () => {
    const { tried, within, closest } = await problem({ a: 3, b: 2, c: 4 }, 1).search;
    expect(within).toEqual([]);
    expect(tried[closest]!.outcome.drop).toBe(2);
  });

  test("says why it stopped, and how many plans it may still try", async () => {
    const noises = Object.fromEntries("abcdefgh".split("").map((name, i) => [name, i < 2 ? 0.4 : 5]));
    const { search, measured } = problem(noises, 1);
    expect((await search).stopped).toBe("4 more layers in a row were too much");
    expect(new Set(measured).size).toBe(measured.length);
  });

  test("gives layers 16 bits where that is enough, and leaves none float", async () => {
    const { search } = problem({ a: 0.1, b: 3, c: 4 }, 1, {}, new Set(["a", "b", "c"]));
    const found = await search;
    const { float, wide } = found.tried[found.within[0]!]!;
    expect([float, wide]).toEqual([[], ["b", "c"]]);
  });

  test("tries 16 bits for single layers where they are not enough for all", async () => {
    const { search } = problem({ a: 0.1, b: 3, c: 40 }, 1, {}, new Set(["b", "c"]));
    const found = await search;
    const { float, wide } = found.tried[found.within[0]!]!;
    expect([float, wide]).toEqual([["c"], ["b"]]);
  });
});
