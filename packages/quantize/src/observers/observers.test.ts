import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { observed, observerNames, type ObserverName } from "../plan/spec.ts";
import { Histogram } from "./histogram.ts";
import { Statistics, type StatisticsJson } from "./statistics.ts";

const batches = fc.array(
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { maxLength: 20 }),
  { minLength: 1, maxLength: 6 },
);

function histogramOf(values: readonly number[], bins = 64): Histogram {
  const histogram = new Histogram(bins);
  histogram.add(Float32Array.from(values));
  return histogram;
}

function stateOf(histogram: Histogram): unknown {
  const { min, max, zeros, width, counts } = histogram;
  return { min, max, zeros, width, start: histogram.edge(0), counts: [...counts] };
}

describe("a histogram", () => {
  test("depends on the values alone, not on their order or batches", () => {
    fc.assert(
      fc.property(batches, (lists) => {
        const streamed = new Histogram(64);
        for (const list of lists) streamed.add(Float32Array.from(list));
        const reversed = histogramOf(lists.flat().toReversed());
        expect(stateOf(streamed)).toEqual(stateOf(reversed));
      }),
    );
  });

  test("merged from parts is the histogram of the whole", () => {
    fc.assert(
      fc.property(batches, (lists) => {
        const merged = new Histogram(64);
        for (const list of lists) merged.merge(histogramOf(list));
        expect(stateOf(merged)).toEqual(stateOf(histogramOf(lists.flat())));
      }),
    );
  });

  test("has at most as many bins as allowed, and every value in the bin that holds it", () => {
    fc.assert(
      fc.property(batches, (lists) => {
        const values = lists.flat().filter((value) => value !== 0);
        const histogram = histogramOf(values);
        expect(histogram.counts.length).toBeLessThanOrEqual(64);
        for (const [bin, count] of histogram.counts.entries()) {
          const inside = values.filter((x) => x >= histogram.edge(bin) && x < histogram.edge(bin + 1));
          expect(inside.length).toBe(count);
        }
      }),
    );
  });

  test("takes in nothing from values that are not all finite", () => {
    const histogram = histogramOf([1, 2]);
    const before = stateOf(histogram);
    expect(histogram.add(Float32Array.from([3, NaN]))).toBe(false);
    expect(histogram.add(Float32Array.from([3, -Infinity]))).toBe(false);
    expect(stateOf(histogram)).toEqual(before);
  });
});

/** Normal numbers from a fixed seed, each the sum of twelve uniform ones. */
function normals(count: number): Float32Array {
  let state = 1;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Float32Array.from({ length: count }, () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6);
}

/** Mean squared error of quantizing values with a range in `levels + 1` codes. */
function errorOf(values: Float32Array, low: number, high: number, levels = 255): number {
  const scale = (high - low) / levels;
  const zeroPoint = -Math.round(low / scale);
  return values.reduce((sum, x) => {
    const code = Math.min(Math.max(Math.round(x / scale) + zeroPoint, 0), levels);
    return sum + (x - (code - zeroPoint) * scale) ** 2 / values.length;
  }, 0);
}

function rangeBy(name: ObserverName, values: Float32Array, spec = observed("uint8")): readonly [number, number] {
  const statistics = new Statistics([name], 1, { percentile: 99 });
  const [low, high] = [Math.min(...values), Math.max(...values)];
  statistics.observe([low], [high]);
  statistics.count(0, values, low, high);
  const { min, max } = statistics.range(name, spec)!;
  return [min[0]!, max[0]!];
}

describe("the range of", () => {
  const outliers = Float32Array.from([...normals(20_000), 40, 40.5]);

  test("percentile holds that share of the values, in the middle", () => {
    const values = normals(20_000);
    const sorted = values.toSorted();
    const [low, high] = rangeBy("percentile", values);
    expect(Math.abs(low - sorted[100]!)).toBeLessThan(0.01);
    expect(Math.abs(high - sorted[19_900]!)).toBeLessThan(0.01);
  });

  test("entropy quantizes the bulk better than the extremes do", () => {
    const [low, high] = rangeBy("entropy", outliers);
    const bulk = outliers.slice(0, 20_000);
    expect(errorOf(bulk, low, high)).toBeLessThan(0.5 * errorOf(bulk, -5, 40.5));
  });

  test.each(["histogram", "mse"] as const)("%s has nearly the least error of all ranges for 4-bit codes", (name) => {
    const values = normals(20_000);
    const [low, high] = rangeBy(name, values, observed("uint4"));
    let least = Infinity;
    for (let reach = 0.5; reach < 5; reach += 0.05) least = Math.min(least, errorOf(values, -reach, reach, 15));
    expect(errorOf(values, low, high, 15)).toBeLessThan(1.1 * least);
  });

  test.each(["histogram", "mse", "entropy", "percentile"] as const)(
    "%s starts at 0 for values that are never negative",
    (name) => {
      const [low, high] = rangeBy(
        name,
        normals(2000).map((x) => Math.max(x, 0)),
      );
      expect([low, high > 1]).toEqual([0, true]);
    },
  );

  test.each(["histogram", "mse"] as const)("%s is symmetric when the spec is", (name) => {
    const [low, high] = rangeBy(name, outliers, observed("int8", { symmetric: true }));
    expect(low).toBe(-high);
  });

  test("min-max holds every batch, moving-average moves by its constant", () => {
    const seen = (name: "min-max" | "moving-average"): unknown => {
      const statistics = new Statistics([name], 2, { averagingConstant: 0.25 });
      expect(statistics.range(name, observed("uint8"))).toBeNull();
      statistics.observe([-1, -2], [1, 2]);
      statistics.observe([-5, 0], [3, 0]);
      return statistics.range(name, observed("uint8"));
    };
    expect(seen("min-max")).toEqual({ min: [-5, -2], max: [3, 2] });
    expect(seen("moving-average")).toEqual({ min: [-2, -1.5], max: [1.5, 1.5] });
  });
});

const ends = fc.array(
  fc.tuple(fc.float({ min: -100, max: 0, noNaN: true }), fc.float({ min: 0, max: 100, noNaN: true })),
  {
    minLength: 1,
    maxLength: 8,
  },
);

/** All statistics over batches with the given ends, whose values are those ends. */
function statisticsOf(list: readonly (readonly [number, number])[], constant = 0.25): Statistics {
  const statistics = new Statistics(observerNames, 1, { bins: 64, averagingConstant: constant });
  for (const [low, high] of list) {
    statistics.observe([low], [high]);
    statistics.count(0, Float32Array.of(low, high), low, high);
  }
  return statistics;
}

describe("statistics", () => {
  test("merged are those of all batches in turn, for every observer", () => {
    fc.assert(
      fc.property(ends, ends, (first, second) => {
        const merged = statisticsOf(first);
        merged.merge(statisticsOf(second));
        const whole = statisticsOf([...first, ...second]);
        for (const name of observerNames) {
          const [a, b] = [merged, whole].map((each) => each.range(name, observed("uint8"))!);
          expect(Math.abs(a!.min[0]! - b!.min[0]!)).toBeLessThan(1e-4);
          expect(Math.abs(a!.max[0]! - b!.max[0]!)).toBeLessThan(1e-4);
        }
      }),
    );
  });

  test("do not depend on the order of batches, but for the moving average", () => {
    fc.assert(
      fc.property(ends, (list) => {
        const [forwards, backwards] = [statisticsOf(list), statisticsOf(list.toReversed())];
        for (const name of observerNames) {
          if (name === "moving-average") continue;
          expect(forwards.range(name, observed("uint8"))).toEqual(backwards.range(name, observed("uint8")));
        }
      }),
    );
  });

  test("come back from JSON as they were", () => {
    fc.assert(
      fc.property(ends, ends, (first, second) => {
        const restored = new Statistics(observerNames, 1, { bins: 64, averagingConstant: 0.25 });
        restored.restore(JSON.parse(JSON.stringify(statisticsOf(first).toJson())) as StatisticsJson);
        restored.merge(statisticsOf(second));
        const whole = statisticsOf(first);
        whole.merge(statisticsOf(second));
        expect(JSON.stringify(restored.toJson())).toEqual(JSON.stringify(whole.toJson()));
      }),
    );
  });

  test("of nothing choose no range, and add nothing to others", () => {
    const nothing = statisticsOf([]);
    const some = statisticsOf([[-1, 2]]);
    const before = JSON.stringify(some.toJson());
    some.merge(nothing);
    expect(JSON.stringify(some.toJson())).toBe(before);
    nothing.merge(some);
    for (const name of observerNames) {
      expect(statisticsOf([]).range(name, observed("uint8"))).toBeNull();
      expect(nothing.range(name, observed("uint8"))).toEqual(some.range(name, observed("uint8")));
    }
  });
});
