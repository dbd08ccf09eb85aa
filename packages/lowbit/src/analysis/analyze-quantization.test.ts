import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { x86 } from "@lowbit/backend-x86";
import { Tensor, type CompileError, type Model } from "@lowbit/ir";
import { planToJson, quantizeModel, type Analysis, type QuantizedModel } from "@lowbit/quantize";
import { evaluate as interpret } from "@lowbit/reference";
import { arrays, randomStream } from "@lowbit/train";
import { mlp } from "../workshop.testing.ts";
import { analyzeQuantization } from "./analyze-quantization.ts";

const model = mlp();
const random = randomStream(5);
const x = Tensor.of(
  "float",
  Array.from({ length: 80 * 16 }, () => 2 * random() - 1),
  [80, 16],
);
const y = Tensor.of(
  "int64",
  Array.from({ length: 80 }, (_, i) => i % 3),
);
const data = arrays({ x }, y);

const folder = mkdtempSync(join(tmpdir(), "lowbit-analysis-"));
afterAll(() => rmSync(folder, { recursive: true }));

function quantized(keepFloat: readonly string[] = []): Promise<QuantizedModel> {
  return quantizeModel(model, { backend: x86({ prefer: "integer" }), data: [{ x }], keepFloat });
}

/** The model's scores, by the interpreter. */
function scores({ graph }: Model): Float32Array {
  return interpret(graph, new Map([["x", x]]))
    .get("scores")!
    .floats();
}

function sqnr(reference: Float32Array, other: Float32Array): number {
  const square = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return 10 * Math.log10(square(reference) / square(reference.map((value, i) => value - other[i]!)));
}

const settings = { data, metric: "accuracy", batch: 32 } as const;

describe("an analysis", () => {
  test("agrees with the interpreter on models quantized with the other layers, or this one, kept in float", async () => {
    const whole = await quantized();
    const analysis = await analyzeQuantization(whole, settings);
    const float = scores(whole.optimized);
    const without = async (name: string): Promise<Float32Array> => {
      const plan = { ...planToJson(whole.plan), keepFloat: [name] };
      const backend = x86({ prefer: "integer" });
      return scores((await quantizeModel(model, { backend, data: [{ x }], plan })).prepared);
    };
    expect(analysis.layers.map(({ name }) => name)).toEqual(["fc1", "fc2"]);
    expect(analysis.quantized.sqnr).toBeCloseTo(sqnr(float, scores(whole.prepared)), 3);
    for (const [index, layer] of analysis.layers.entries()) {
      const other = analysis.layers[1 - index]!.name;
      expect(layer.quantizedAlone!.sqnr).toBeCloseTo(sqnr(float, await without(other)), 3);
      expect(layer.leftFloat!.sqnr).toBeCloseTo(sqnr(float, await without(layer.name)), 3);
    }
    const [, last] = analysis.layers;
    expect(last!.isolated.sqnr).toBeCloseTo(last!.quantizedAlone!.sqnr!, 6);
    expect(last!.cumulative.sqnr).toBeCloseTo(analysis.output.sqnr!, 6);
  });

  test("measures the metric of each ablation on all samples", async () => {
    const { samples, float } = await analyzeQuantization(await quantized(), settings);
    const hits = [...y.numbers()].filter((label, i) => {
      const row = [...scores(model).subarray(3 * i, 3 * i + 3)];
      return row.indexOf(Math.max(...row)) === label;
    });
    expect([samples, float.metric, float.sqnr]).toEqual([80, hits.length / 80, null]);
  });

  test("tells grid, extremes and codes of each value and weight", async () => {
    const { values, layers } = await analyzeQuantization(await quantized(), { ...settings, ablation: false });
    const input = values.find(({ name }) => name === "x")!;
    const numbers = [...x.floats()];
    const range = Math.max(...numbers) - Math.min(...numbers);
    expect(input.grid.scale[0]).toBeCloseTo(range / 255, 5);
    expect([Math.min(...input.channels.min), Math.max(...input.channels.max)]).toEqual([
      Math.min(...numbers),
      Math.max(...numbers),
    ]);
    const counted = input.histogram.counts.reduce((a, b) => a + b, input.histogram.zeros);
    expect([counted, input.saturated]).toEqual([numbers.length, 0]);
    expect(input.error.maxDifference).toBeLessThanOrEqual(0.5 * input.grid.scale[0]! * 1.001);
    expect(layers.map(({ macs, weight, leftFloat }) => [macs, weight!.grid.scale.length, leftFloat])).toEqual([
      [512, 32, null],
      [96, 3, null],
    ]);
    // A scale per channel: each is the reach of its channel's weights in 127 steps.
    for (const { weight } of layers) {
      const { min, max } = weight!.channels;
      expect(max).toHaveLength(weight!.grid.scale.length);
      for (const [i, scale] of weight!.grid.scale.entries()) {
        expect(Math.max(max[i]!, -min[i]!) / scale).toBeCloseTo(127, 2);
      }
    }
  });

  test("gives the same with another size of batches", async () => {
    const made = await quantized();
    const [a, b] = [
      await analyzeQuantization(made, settings),
      await analyzeQuantization(made, { ...settings, batch: 7 }),
    ];
    expect(b.layers.map(({ leftFloat }) => leftFloat!.metric)).toEqual(
      a.layers.map(({ leftFloat }) => leftFloat!.metric),
    );
    expect(b.layers[0]!.leftFloat!.sqnr).toBeCloseTo(a.layers[0]!.leftFloat!.sqnr!, 5);
  });
});

describe("an analysis with a state file", () => {
  test("goes on where it was stopped, with the same result", async () => {
    const made = await quantized();
    const state = join(folder, "stopped.jsonl");
    const stop = new AbortController();
    const stopped = analyzeQuantization(made, {
      ...settings,
      state,
      signal: stop.signal,
      threads: 1,
      progress: ({ batch }) => (batch === 1 ? stop.abort() : undefined),
    });
    await expect(stopped).rejects.toThrow("stopped after 1 finished batch");
    const steps: number[] = [];
    const resumed = await analyzeQuantization(made, {
      ...settings,
      state,
      threads: 1,
      progress: ({ batch, total }) => (steps[batch] = total),
    });
    // The first batch needs no ablations any more.
    expect(steps[0]).toBeLessThan(steps[1]!);
    expect(resumed).toEqual(await analyzeQuantization(made, settings));
  });

  test("keeps batches in their order when several were under way", async () => {
    const made = await quantized();
    const state = join(folder, "several.jsonl");
    const stop = new AbortController();
    const many = { ...settings, batch: 8, state, threads: 3 };
    const stopped = analyzeQuantization(made, {
      ...many,
      signal: stop.signal,
      progress: ({ batch }) => (batch === 5 ? stop.abort() : undefined),
    });
    await expect(stopped).rejects.toThrow("analyze/stopped");
    const kept = readFileSync(state, "utf8").trim().split("\n").length - 1;
    expect(kept).toBeGreaterThan(0);
    const { state: _, ...whole } = many;
    expect(await analyzeQuantization(made, many)).toEqual(await analyzeQuantization(made, whole));
  });

  test("is refused for another model or other data, and left as it is", async () => {
    const state = join(folder, "other.jsonl");
    const made = await quantized();
    await analyzeQuantization(made, { ...settings, state });
    const before = readFileSync(state, "utf8");
    const code = async (run: Promise<Analysis>): Promise<string> =>
      run.then(
        () => "no error",
        (error: unknown) => (error as CompileError).diagnostic.message,
      );
    const reversed = arrays({ x: Tensor.of("float", x.numbers().toReversed(), x.dims) }, y);
    expect(await code(analyzeQuantization(await quantized(["fc1"]), { ...settings, state }))).toContain(
      "another model",
    );
    expect(await code(analyzeQuantization(made, { ...settings, data: reversed, state }))).toContain("other data");
    const message = "the state is of an analysis of accuracy with ablation, not of";
    for (const [asked, other] of [
      [{ metric: "top5" }, "top5 with ablation"],
      [{ ablation: false }, "accuracy without ablation"],
    ] as const) {
      expect(await code(analyzeQuantization(made, { ...settings, ...asked, state }))).toBe(`${message} ${other}`);
    }
    expect(readFileSync(state, "utf8")).toBe(before);
    writeFileSync(state, "something of the user's");
    expect(await code(analyzeQuantization(made, { ...settings, state }))).toContain("no state of an analysis");
    expect(existsSync(state)).toBe(true);
  });
});

test("a metric needs targets, and something must be quantized", async () => {
  const unlabelled = arrays({ x });
  await expect(analyzeQuantization(await quantized(), { data: unlabelled, metric: "top5" })).rejects.toThrow(
    "no targets",
  );
  await expect(analyzeQuantization(await quantized(["fc*"]), { data })).rejects.toThrow("nothing to analyze");
});
