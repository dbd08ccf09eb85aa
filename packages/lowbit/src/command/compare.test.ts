import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { npzBytes } from "@lowbit/test-models";
import { Tensor } from "@lowbit/ir";
import type { ComparedLayer } from "@lowbit/quantize";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(async () => {
  workshop = new Workshop().withMlp();
  workshop.write("unlabelled.npz", npzBytes({ x: Tensor.of("float", new Float32Array(64 * 16).fill(0.5), [64, 16]) }));
  await workshop.json("quantize mlp.onnx -o int8.onnx --backend x86 --prefer integer --calibrate train.npz");
});
afterAll(() => workshop.close());

describe("lowbit compare", () => {
  test("shows the error of results and layers, and what to do", async () => {
    const { code, stdout } = await workshop.run("compare mlp.onnx int8.onnx --data test.npz --threads 1");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^150 samples, 3 layers in both models\naccuracy: [\d.]+ % and [\d.]+ %\n/);
    expect(stdout).toMatch(/\nscores +[\d.]+ dB +0\.99\d+ +[\d.]+\n/);
    expect(stdout).toMatch(/\nfc1 +Gemm +[\d.]+ dB +[\d.]+ dB .* nothing +the noise it adds is [\d.]+ dB below/);
  });

  test("gives everything as JSON, with the accuracies that `eval` measures", async () => {
    const result = await workshop.json("compare mlp.onnx int8.onnx --data test.npz");
    const [float, integer] = [
      await workshop.json("eval mlp.onnx --data test.npz"),
      await workshop.json("eval int8.onnx --data test.npz"),
    ];
    expect(result["metric"]).toEqual({ name: "accuracy", model: float["value"], other: integer["value"] });
    const layers = result["layers"] as ComparedLayer[];
    expect(layers.map(({ name, codes }) => [name, codes?.grid.dtype])).toEqual([
      ["x", "uint8"],
      ["fc1", "uint8"],
      ["fc2", undefined],
    ]);
    expect(Object.keys(result["advice"] as object)).toEqual(["x", "fc1", "fc2"]);
  });

  test("finds the layers of a weight-only model, whose clamps are written in another way", async () => {
    await workshop.json("quantize mlp.onnx -o small.onnx --backend x86 --mode weight-only --weights int4");
    const { layers, unmatched } = await workshop.json("compare mlp.onnx small.onnx --data test.npz");
    expect(unmatched).toEqual([]);
    const errors = (layers as ComparedLayer[]).map(({ name, error }) => [name, error.sqnr! > 10]);
    expect(errors).toEqual([
      ["fc1", true],
      ["fc2", true],
    ]);
  });

  test("leaves the metric away where the data has no targets", async () => {
    const result = await workshop.json("compare mlp.onnx int8.onnx --data unlabelled.npz --samples 10");
    expect([result["metric"], result["samples"]]).toEqual([null, 10]);
  });

  test.each([
    ["a metric without targets", "mlp.onnx int8.onnx --data unlabelled.npz --metric accuracy", 1, "data/no-targets"],
    ["no data", "mlp.onnx int8.onnx", 2, "--data"],
    ["one model", "mlp.onnx --data test.npz", 2, "OTHER"],
    ["a file that is no model", "mlp.onnx test.npz --data test.npz", 1, "test.npz"],
  ])("ends with one clear message for %s", async (_, options, code, message) => {
    const run = await workshop.run(`compare ${options}`);
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toContain(message);
  });
});
