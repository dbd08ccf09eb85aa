import { seeded } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import type { RefitMoments } from "./refit-moments.ts";
import { biasesFor, refitRows, spreadOf, type RefitProblem } from "./refit-rows.ts";

const [groups, rows, columns, samples] = [2, 3, 4, 60];
const numbers = (name: string, count: number): number[] => [...seeded(name, "double", [count]).numbers()];

/** Inputs [groups, columns] of a sample, whose mean is not 0. */
const inputs = Array.from({ length: 2 * samples }, (_, i) =>
  numbers(`x${i}`, groups * columns).map((value, place) => value + 0.1 * place),
);

type Layer = (x: readonly number[]) => number[];

/** A layer of the given weights [groups, rows, columns] and biases. */
const layer =
  (weights: readonly number[], biases: readonly number[]): Layer =>
  (x) =>
    biases.map((bias, row) => {
      const group = Math.floor(row / rows);
      return weights
        .slice(row * columns, (row + 1) * columns)
        .reduce((sum, weight, i) => sum + weight * x[group * columns + i]!, bias);
    });

function momentsOf(xs: readonly (readonly number[])[], results: readonly (readonly number[])[]): RefitMoments {
  const found = {
    count: xs.length,
    products: new Float64Array(groups * columns * columns),
    inputs: new Float64Array(groups * columns),
    results: new Float64Array(groups * rows * columns),
    sums: new Float64Array(groups * rows),
  };
  for (const [sample, x] of xs.entries()) {
    const y = results[sample]!;
    for (let i = 0; i < groups * columns; i++) {
      found.inputs[i]! += x[i]!;
      const group = Math.floor(i / columns);
      for (let j = 0; j < columns; j++) found.products[i * columns + j]! += x[i]! * x[group * columns + j]!;
    }
    for (let row = 0; row < groups * rows; row++) {
      found.sums[row]! += y[row]!;
      const group = Math.floor(row / rows);
      for (let i = 0; i < columns; i++) found.results[row * columns + i]! += y[row]! * x[group * columns + i]!;
    }
  }
  return found;
}

const weights = numbers("w", groups * rows * columns);
const biases = numbers("b", groups * rows);

/** A layer with these weights whose results should be those of another one. */
function problem(wanted: (x: readonly number[], sample: number) => number[], biasIsFree = true): RefitProblem {
  const halves = [0, 1].map((half) => {
    const xs = inputs.filter((_, i) => i % 2 === half);
    return momentsOf(
      xs,
      xs.map((x, i) => wanted(x, 2 * i + half)),
    );
  }) as [RefitMoments, RefitMoments];
  const given = { weights: Float64Array.from(weights), biases: Float64Array.from(biases) };
  return { ...given, groups, rows, columns, biasIsFree, halves };
}

describe("refitting a layer", () => {
  test("finds the weights and biases that the results come from", () => {
    const [others, shifts] = [numbers("v", weights.length), numbers("c", biases.length)];
    const fitted = refitRows(problem(layer(others, shifts)));
    // Held to what they were by a thousandth of the moments.
    fitted.weights.forEach((weight, i) => expect(weight).toBeCloseTo(others[i]!, 1));
    const wanted = inputs.map((x) => layer(others, shifts)(x));
    const errorOf = (by: Layer): number =>
      inputs.reduce((sum, x, i) => sum + by(x).reduce((own, y, row) => own + (y - wanted[i]![row]!) ** 2, 0), 0);
    expect(errorOf(layer([...fitted.weights], [...fitted.biases]))).toBeLessThan(
      1e-4 * errorOf(layer(weights, biases)),
    );
  });

  test("leaves a layer alone whose results are what they should be", () => {
    const fitted = refitRows(problem(layer(weights, biases)));
    fitted.weights.forEach((weight, i) => expect(weight).toBeCloseTo(weights[i]!, 9));
    fitted.biases.forEach((bias, i) => expect(bias).toBeCloseTo(biases[i]!, 9));
  });

  test("changes only biases, or little, where no inputs tell what is missing", () => {
    const noise = Array.from({ length: 2 * samples }, (_, i) => numbers(`n${i}`, groups * rows));
    const plain = layer(weights, biases);
    const fitted = refitRows(problem((x, sample) => plain(x).map((y, row) => y + 3 + noise[sample]![row]!)));
    const moved = fitted.weights.reduce((sum, weight, i) => sum + (weight - weights[i]!) ** 2, 0);
    expect(moved).toBeLessThan(0.05 * weights.reduce((sum, weight) => sum + weight ** 2, 0));
    fitted.biases.forEach((bias, i) => expect(Math.abs(bias - biases[i]! - 3)).toBeLessThan(0.5));
  });

  test("leaves biases alone that are not free", () => {
    const others = numbers("v", weights.length);
    const fitted = refitRows(problem(layer(others, biases), false));
    expect([...fitted.biases]).toEqual(biases);
    fitted.weights.forEach((weight, i) => expect(weight).toBeCloseTo(others[i]!, 1));
  });
});

test("biases give rounded weights the mean results", () => {
  const wanted = problem(layer(numbers("v", weights.length), biases));
  const rounded = Float64Array.from(weights, (weight) => Math.round(4 * weight) / 4);
  const shifted = layer([...rounded], [...biasesFor(wanted, rounded)]);
  const sums = inputs.reduce<number[]>((sum, x) => shifted(x).map((y, row) => y + (sum[row] ?? 0)), []);
  const { sums: first } = wanted.halves[0];
  sums.forEach((sum, row) => expect(sum).toBeCloseTo(first[row]! + wanted.halves[1].sums[row]!, 9));
});

test("the spread of inputs is about their means where biases are free", () => {
  const plain = problem(layer(weights, biases), false);
  const mean = (i: number): number => inputs.reduce((sum, x) => sum + x[i]!, 0) / inputs.length;
  const spread = spreadOf({ ...plain, biasIsFree: true });
  const [group, a, b] = [1, 2, 3];
  const at = (group * columns + a) * columns + b;
  const covariance = inputs.reduce(
    (sum, x) =>
      sum +
      (x[group * columns + a]! - mean(group * columns + a)) * (x[group * columns + b]! - mean(group * columns + b)),
    0,
  );
  expect(spread[at]).toBeCloseTo(covariance, 9);
  expect(spreadOf(plain)[at]).toBeCloseTo(
    covariance + inputs.length * mean(group * columns + a) * mean(group * columns + b),
    9,
  );
});
