import { seeded } from "@lowbit/ir";
import { describe, expect, test, vi } from "vitest";
import { adaroundRows } from "./adaround-rows.ts";
import { cholesky, inverseUpper } from "./cholesky.ts";
import { gptqRows } from "./gptq-rows.ts";
import { betterRows, roundedToNearest, rowErrors, type RoundingProblem } from "./rounding-problem.ts";

// AdaRound takes a thousand steps per layer, which take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** Whole numbers from -8 to 7. */
const grid = {
  nearest: (value: number): number => Math.min(Math.max(Math.round(value), -8), 7),
  step: (): number => 1,
  reach: (): readonly [number, number] => [-8, 7],
};

/** Random weights, and correlated inputs: more of them than `samples` would leave the moments singular. */
function problem(seed: number, rows: number, columns: number, samples: number): RoundingProblem {
  const weights = seeded(`w${seed}`, "float", [rows * columns])
    .numbers()
    .map((value) => 20 * value);
  const mix = seeded(`m${seed}`, "float", [columns * columns]).numbers();
  const noise = seeded(`n${seed}`, "float", [samples * columns]).numbers();
  const products = new Float64Array(columns * columns);
  for (let s = 0; s < samples; s++) {
    const x = Array.from({ length: columns }, (_, i) =>
      Array.from({ length: columns }, (__, j) => mix[i * columns + j]! * noise[s * columns + j]!).reduce(
        (a, b) => a + b,
        0.1,
      ),
    );
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) products[i * columns + j]! += x[i]! * x[j]!;
  }
  return { weights, groups: 1, rows, columns, products, ...grid };
}

function total(of: RoundingProblem, rounded: Float64Array): number {
  return rowErrors(of, rounded).reduce((a, b) => a + b, 0);
}

/** The least error of one row over all ways to round each weight up or down. */
function bestOfAll(of: RoundingProblem): number {
  let best = Infinity;
  for (let choice = 0; choice < 2 ** of.columns; choice++) {
    const rounded = of.weights.map((weight, i) => Math.min(Math.max(Math.floor(weight) + ((choice >> i) & 1), -8), 7));
    best = Math.min(best, total(of, rounded));
  }
  return best;
}

test("a triangle of the inverse gives the inverse back", () => {
  const { products, columns } = problem(5, 1, 6, 40);
  const upper = inverseUpper(products, columns)!;
  const below = [...upper].filter((_, at) => at % columns < Math.floor(at / columns));
  expect(below.every((each) => each === 0)).toBe(true);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        for (let l = 0; l < columns; l++)
          sum += upper[l * columns + i]! * upper[l * columns + k]! * products[k * columns + j]!;
      }
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 6);
    }
  }
});

test("a matrix that is not positive definite has no triangle", () => {
  expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
  expect(inverseUpper(Float64Array.of(0, 0, 0, 1), 2)).toBeNull();
});

describe("GPTQ", () => {
  test("lets the second of two columns make up for the first as least squares would", () => {
    // Column 0 has the larger moment: 0.4 becomes 0, and column 1 takes 0.4 · 3/(1.9 + 1 %) over, from 0.1 to 0.72.
    const two: RoundingProblem = {
      weights: Float64Array.of(0.4, 0.1),
      groups: 1,
      rows: 1,
      columns: 2,
      products: Float64Array.of(5, 3, 3, 1.9),
      ...grid,
    };
    expect([...gptqRows(two)]).toEqual([0, 1]);
    expect(total(two, Float64Array.of(0, 1))).toBeLessThan(total(two, roundedToNearest(two)));
  });

  test("is exactly rounding to nearest for inputs that do not go together, and for inputs of zeros", () => {
    const of = problem(1, 4, 5, 60);
    const diagonal = of.products.map((value, i) => (i % 6 === 0 ? value : 0));
    for (const products of [diagonal, new Float64Array(25)]) {
      expect(gptqRows({ ...of, products })).toEqual(roundedToNearest(of));
    }
  });

  test.each([1, 2, 3, 4, 5, 6])("comes near the best of all roundings, problem %i", (seed) => {
    const of = problem(seed, 1, 9, 50);
    const { errors } = betterRows(of, roundedToNearest(of), gptqRows(of));
    expect(errors.rounded).toBeLessThanOrEqual(errors.nearest);
    expect(errors.rounded).toBeLessThan(Math.max(6 * bestOfAll(of), errors.nearest / 2));
  });

  test("halves the error of rounding on correlated inputs", () => {
    const of = problem(7, 16, 24, 100);
    expect(total(of, gptqRows(of))).toBeLessThan(total(of, roundedToNearest(of)) / 2);
  });
});

describe("AdaRound", () => {
  test.each([1, 2, 3, 4, 5, 6])("comes near the best of all roundings up and down, problem %i", async (seed) => {
    const of = problem(seed, 1, 9, 50);
    const error = total(of, await adaroundRows(of, undefined, 1));
    expect(error).toBeLessThan(2 * bestOfAll(of));
  });

  test("finds the planted rounding that cancels, where nearest adds up", async () => {
    // Two inputs that are always equal: 0.4 + 0.4 is best rounded to 0 + 1 or 1 + 0.
    const of: RoundingProblem = {
      weights: Float64Array.of(0.45, 0.4, 2.4, -3.4),
      groups: 1,
      rows: 1,
      columns: 4,
      products: new Float64Array(16).fill(1),
      ...grid,
    };
    const rounded = await adaroundRows(of, undefined, 1);
    expect(rounded.reduce((a, b) => a + b, 0)).toBe(0);
    expect(roundedToNearest(of).reduce((a, b) => a + b, 0)).toBe(-1);
  });

  test("leaves less than a third of the error on correlated inputs, and more than GPTQ", async () => {
    const of = problem(7, 16, 24, 100);
    const error = total(of, await adaroundRows(of, undefined, 1));
    expect(error).toBeLessThan(total(of, roundedToNearest(of)) / 3);
    expect(error).toBeLessThan(total(of, gptqRows(of)));
  });

  test("keeps to the grid, beyond its ends as well, and gives the same again", async () => {
    const of = problem(8, 8, 12, 60);
    const rounded = await adaroundRows({ ...of, weights: of.weights.map((weight) => 2 * weight) }, undefined, 1);
    expect(rounded.every((value) => Number.isInteger(value) && value >= -8 && value <= 7)).toBe(true);
    expect(await adaroundRows({ ...of, weights: of.weights.map((weight) => 2 * weight) }, undefined, 1)).toEqual(
      rounded,
    );
  });
});
