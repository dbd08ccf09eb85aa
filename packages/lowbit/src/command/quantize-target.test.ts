import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { Tensor } from "@lowbit/ir";
import type { TargetSearch } from "@lowbit/quantize";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  workshop.write("unlabelled.npz", npzBytes({ x: Tensor.of("float", new Float32Array(96 * 16).fill(0.5), [96, 16]) }));
});
afterAll(() => workshop.close());

const command = "quantize mlp.onnx --backend x86 --prefer integer --threads 1 --calibrate train.npz --samples 128";

describe("lowbit quantize --target-…", () => {
  test("saves a plan that --plan reproduces byte for byte", async () => {
    const first = await workshop.json(`${command} -o a.onnx --target-sqnr 44 --save-plan a.json`);
    const search = first["search"] as TargetSearch;
    expect(search.layers.map(({ choice }) => choice).toSorted()).toEqual(["float", "int8"]);
    expect(search.samples).toEqual({ search: 352, all: 352 });
    await workshop.json(`${command} -o b.onnx --plan a.json --save-plan b.json`);
    for (const [a, b] of [
      ["a.onnx", "b.onnx"],
      ["a.json", "b.json"],
    ]) {
      expect(readFileSync(workshop.path(b!)).equals(readFileSync(workshop.path(a!)))).toBe(true);
    }
  });

  test("tells what it tried, and why it ended", async () => {
    const { code, stdout } = await workshop.run(`${command} -o c.onnx --target-drop 5 --validate test.npz`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^target: at most 5 points less of accuracy; plans tried on 150 samples\n/);
    expect(stdout).toMatch(
      /\nall layers as planned +2 +[\d.]+ % accuracy, -?[\d.]+ ± [\d.]+ points less, [\d.]+ ± [\d.]+ expected +0 {2}chosen\n/,
    );
    expect(stdout).toContain("\nended: the plan is within the target as it is\n");
  });

  test("goes on from its state after Ctrl-C", async () => {
    const args = `${command} -o d.onnx --target-sqnr 44 --state search.jsonl`;
    const first = await workshop.json(args);
    const kept = readFileSync(workshop.path("search.jsonl"), "utf8");
    expect(await workshop.json(args)).toEqual(first);
    expect(readFileSync(workshop.path("search.jsonl"), "utf8")).toBe(kept);
  });

  test.each([
    ["a target out of reach", "--target-sqnr 120", 1, "target/not-met"],
    ["a metric without targets", "--target-drop 1 --validate unlabelled.npz", 1, "data/no-targets"],
    ["two targets", "--target-drop 1 --target-sqnr 20", 2, "cannot be given together"],
    ["a negative drop", "--target-drop -1", 2, "at least 0"],
    ["another mode", "--target-drop 1 --mode dynamic", 2, "--mode static"],
    ["a metric alone", "--metric top5", 2, "--metric is for --target-drop"],
    ["a state alone", "--state s.jsonl", 2, "--state is for"],
    ["a calibration cache", "--target-drop 1 --calibration-cache c.json", 2, "--state keeps"],
  ])("ends with one clear message for %s and writes nothing", async (_, options, code, message) => {
    const run = await workshop.run(`${command} -o none.onnx --save-plan none.json ${options}`);
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toContain(message);
    expect([existsSync(workshop.path("none.onnx")), existsSync(workshop.path("none.json"))]).toEqual([false, false]);
  });
});
