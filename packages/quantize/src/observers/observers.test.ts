import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { observed } from "../plan/spec.ts";
import { Histogram } from "./histogram.ts";
import { createObserver, type HistogramObserver } from "./observer.ts";

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

function rangeBy(
  name: Parameters<typeof createObserver>[0],
  values: Float32Array,
  spec = observed("uint8"),
): readonly [number, number] {
  const observer = createObserver(name, spec, 1, { percentile: 99 }) as HistogramObserver;
  observer.histograms[0]!.add(values);
  const { min, max } = observer.range()!;
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
      const observer = createObserver(name, observed("uint8"), 2, { averagingConstant: 0.25 });
      if (observer.sees !== "extremes") throw new Error("wrong kind");
      expect(observer.range()).toBeNull();
      observer.observe(Float32Array.of(-1, -2), Float32Array.of(1, 2));
      observer.observe(Float32Array.of(-5, 0), Float32Array.of(3, 0));
      return observer.range();
    };
    expect(seen("min-max")).toEqual({ min: [-5, -2], max: [3, 2] });
    expect(seen("moving-average")).toEqual({ min: [-2, -1.5], max: [1.5, 1.5] });
  });
});
