import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { costAxes } from "@lowbit/backend-x86";
import { Tensor } from "@lowbit/ir";
import type { LayerAnalysis } from "@lowbit/quantize";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  workshop.write("integers.json", costs([1], [100, 1]));
  workshop.write("rows.json", costs([1, 64], [1, 100, 100, 1]));
  workshop.write("unlabelled.npz", npzBytes({ x: Tensor.of("float", new Float32Array(64 * 16).fill(0.5), [64, 16]) }));
});
afterAll(() => workshop.close());

/** Whole lines of a file; 0 while there is none. */
function linesOf(name: string): number {
  return existsSync(workshop.path(name)) ? readFileSync(workshop.path(name), "utf8").split("\n").length - 1 : 0;
}

/** Costs of kernels that are the same for all shapes but for the rows of products. @param prices of floats, then of integers */
function costs(rows: readonly number[], prices: readonly number[]): string {
  const families = Object.entries(costAxes).map(([family, axes]) => {
    const grid = axes.map((axis) => (axis === "rows" ? rows : [1]));
    const isByRows = axes.some((axis) => axis === "rows");
    const ones = isByRows ? rows.map(() => 1) : [1];
    const [float, integer] =
      family === "matrix" ? [prices.slice(0, rows.length), prices.slice(rows.length)] : [ones, ones];
    return [family, { axes: grid, float, integer }];
  });
  return JSON.stringify(Object.fromEntries(families));
}

const command = "analyze mlp.onnx --backend x86 --prefer integer --data test.npz --threads 1";

describe("lowbit analyze", () => {
  test("shows the worst layers and what to do about each", async () => {
    const { code, stdout } = await workshop.run(`${command} --metric accuracy`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^accuracy: [\d.]+ % float, [\d.]+ % quantized \(150 samples, 2 quantized layers\)\n/);
    expect(stdout).toMatch(
      /\nfc[12] +Gemm +[\d.]+ dB +[\d.]+ dB +[\d.]+ % +[\d.]+ % {2}nothing +alone it keeps [\d.]+ dB\n/,
    );
  });

  test("gives everything as JSON, with the accuracy that `eval` measures", async () => {
    const result = await workshop.json(`${command} --metric accuracy`);
    const evaluated = await workshop.json("eval mlp.onnx --data test.npz");
    expect(result["float"]).toEqual({ sqnr: null, metric: evaluated["value"] });
    const layers = result["layers"] as LayerAnalysis[];
    expect(layers.map(({ name, macs }) => [name, macs])).toEqual([
      ["fc1", 512],
      ["fc2", 96],
    ]);
    expect(Object.keys(result["advice"] as object)).toEqual(["fc1", "fc2"]);
  });

  test("leaves ablation away when told so", async () => {
    const result = await workshop.json(`${command} --no-ablation`);
    expect((result["layers"] as LayerAnalysis[])[0]!.leftFloat).toBeNull();
  });

  test("keeps finished batches in a state file, and refuses one of another analysis", async () => {
    const first = await workshop.json(`${command} --state state.jsonl`);
    const kept = readFileSync(workshop.path("state.jsonl"), "utf8");
    expect(await workshop.json(`${command} --state state.jsonl`)).toEqual(first);
    const { code, stderr } = await workshop.run(`${command} --state state.jsonl --keep-float fc1`);
    expect([code, stderr.split("\n")[0]]).toEqual([
      1,
      "error analyze/state: the state is of an analysis of another model, plan or ranges",
    ]);
    expect(readFileSync(workshop.path("state.jsonl"), "utf8")).toBe(kept);
  });

  test("ends with 130 after Ctrl-C, and the same command goes on from what was finished", async () => {
    const big = Tensor.of(
      "float",
      new Float32Array(4000 * 16).map((_, i) => Math.sin(i)),
      [4000, 16],
    );
    workshop.write("big.npz", npzBytes({ x: big }));
    const args =
      "analyze mlp.onnx --backend x86 --prefer integer --data big.npz --samples 4000 --threads 1 --state cut.jsonl";
    // The first batch is finished as soon as the state has a second line.
    const interrupted = await workshop.run(args, { interruptWhen: () => linesOf("cut.jsonl") >= 3 });
    expect(interrupted.code).toBe(130);
    expect(interrupted.stdout).toBe("");
    expect(interrupted.stderr).toMatch(
      /error analyze\/stopped: the analysis was stopped after \d+ finished batch.*"cut.jsonl"/,
    );
    const kept = linesOf("cut.jsonl");
    expect(kept).toBeLessThan(1 + 125);
    const resumed = await workshop.json(args);
    expect(linesOf("cut.jsonl")).toBe(1 + 125);
    expect(resumed).toEqual(await workshop.json(args.replace(" --state cut.jsonl", "")));
  });

  test("ends with 130 when it is stopped at its report, and says where the analysis is", async () => {
    // The report reads the data once more: that time it waits for the signal.
    workshop.write(
      "lingers.mjs",
      `import { existsSync, readFileSync, writeFileSync } from "node:fs";
      const isAnalyzed = () => existsSync("whole.jsonl") && readFileSync("whole.jsonl", "utf8").split("\\n").length === 1 + 5 + 1;
      export default async function* () {
        if (isAnalyzed() && !existsSync("lingered")) {
          writeFileSync("lingered", "");
          await new Promise((resolve) => setTimeout(resolve, 3000));
        }
        for (let i = 0; i < 150; i++) yield { x: Array.from({ length: 16 }, (_, j) => Math.sin(16 * i + j)) };
      }`,
    );
    const rest = "analyze mlp.onnx --backend x86 --prefer integer --data lingers.mjs --threads 1";
    const args = `${rest} --state whole.jsonl --report cut.html`;
    const { code, stdout, stderr } = await workshop.run(args, {
      interruptWhen: () => existsSync(workshop.path("lingered")),
    });
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(/error report\/stopped: .* in "whole.jsonl"/);
    expect(existsSync(workshop.path("cut.html"))).toBe(false);
    const resumed = await workshop.json(args);
    expect(resumed).toEqual(await workshop.json(rest));
    expect(existsSync(workshop.path("cut.html"))).toBe(true);
  });

  test.each([
    "x86 --prefer integer --samples 100 --observer percentile --granularity tensor --improve equalize",
    "x86 --prefer integer --reduce-range all",
    "x86 --prefer integer --weights int4",
    "x86 --costs integers.json",
    "x86 --costs rows.json --batch 64",
  ])("plans as `quantize` would with the same options: %s", async (options) => {
    const rest = `--backend ${options} --threads 1`;
    await workshop.json(`analyze mlp.onnx ${rest} --data test.npz --no-ablation --save-plan analyzed.json`);
    await workshop.json(`quantize mlp.onnx -o q.onnx ${rest} --calibrate test.npz --save-plan quantized.json`);
    const plan = readFileSync(workshop.path("analyzed.json"), "utf8");
    expect(plan).toBe(readFileSync(workshop.path("quantized.json"), "utf8"));
  });

  test("looks at the weights that the options ask for", async () => {
    const analyzed = await workshop.json(`${command} --no-ablation --granularity tensor`);
    expect((analyzed["layers"] as LayerAnalysis[]).map(({ weight }) => weight!.grid.axis)).toEqual([null, null]);
  });

  test.each([
    ["contradicting options", "--data test.npz --percentile 99", 2, "--percentile needs --observer percentile"],
    ["a metric without targets", "--data unlabelled.npz --metric accuracy", 1, "data/no-targets"],
    ["nothing quantized", "--data test.npz --keep-float fc*", 1, "analyze/nothing-quantized"],
    ["nothing that pays", "--data test.npz --prefer speed --costs rows.json", 1, "analyze/nothing-quantized"],
    ["a state in no folder", "--data test.npz --state nowhere/state", 1, "file/write"],
    ["no data", "", 2, "--data"],
  ])("ends with one clear message for %s", async (_, options, code, message) => {
    const run = await workshop.run(`analyze mlp.onnx --backend x86 --prefer integer ${options}`);
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toContain(message);
    expect(existsSync(workshop.path("nowhere"))).toBe(false);
  });
});
