import { readFileSync } from "node:fs";
import { newModel, parseGraph, saveModel, seeded, Tensor } from "@lowbit/ir";
import { npzBytes } from "@lowbit/test-models";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const list = (name: string, count: number): string =>
  [...seeded(name, "float", [count]).numbers()].map((value) => value.toFixed(4)).join(", ");

const models = {
  // One matrix read as it is and transposed, so with scales per channel along two axes.
  tied: `net (float[N,4] x) => (float[N,4] y) <float[4,4] w = {${list("w", 16)}}> {
    [one] a = MatMul (x, w)
    [act] r = Relu (a)
    [two] y = Gemm <transB = 1> (r, w)
  }`,
  normalized: `net (float[N,3,8,8] x) => (float[N,4,8,8] y, float[N,4,8,8] c) <
    float[4,3,3,3] w = {${list("w", 108)}}, float[4] gamma = {1, 0.0000001, 1, 1},
    float[4] beta = {0, 0, 0, 0}, float[4] mean = {0, 0, 0, 0}, float[4] variance = {1, 1, 1, 1}
  > {
    [conv] c = Conv <pads = [1, 1, 1, 1]> (x, w)
    [norm] y = BatchNormalization (c, gamma, beta, mean, variance)
  }`,
  plain: `net (float[N,4] x) => (float[N,2] y) <float[4,2] w = {${list("w", 8)}}> { [fc] y = MatMul (x, w) }`,
};

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop();
  for (const [name, text] of Object.entries(models)) {
    saveModel(newModel(parseGraph(text)), workshop.path(`${name}.onnx`));
  }
  const y = Tensor.of(
    "int64",
    Array.from({ length: 64 }, (_, i) => i % 2),
  );
  workshop.write("rows.npz", npzBytes({ x: seeded("x", "float", [64, 4]), y }));
  workshop.write("same.npz", npzBytes({ x: Tensor.of("float", new Float32Array(256).fill(-0.5), [64, 4]) }));
  workshop.write("images.npz", npzBytes({ x: seeded("x", "float", [64, 3, 8, 8]) }));
});
afterAll(() => workshop.close());

const quantize = "-o out.onnx --backend x86 --prefer integer --calibrate";
const train = "train plain.onnx -o out.onnx --backend x86 --prefer integer --data rows.npz --epochs 1";

test.each([
  [`quantize plain.onnx ${quantize} rows.npz`, []],
  [`quantize plain.onnx ${quantize} rows.npz --samples 31`, ["few-samples"]],
  [`quantize plain.onnx ${quantize} same.npz`, ["degenerate-range"]],
  [`quantize normalized.onnx ${quantize} images.npz`, ["unfolded-normalization", "gamma-near-zero"]],
  [`quantize tied.onnx ${quantize} rows.npz`, ["tied-weights"]],
  [
    "quantize plain.onnx -o out.onnx --backend x86 --mode weight-only --weights int4 --granularity block:3",
    ["slow-blocks"],
  ],
  [`${train} --lr 0.002`, ["high-learning-rate"]],
  [`${train} --lr 0.0001 --keep-float fc`, ["rounds-nothing"]],
] as const)("lowbit %s warns of %j", async (args, codes) => {
  const { code, stderr } = await workshop.run(args);
  const warned = [...stderr.matchAll(/^warning quantize\/(\S+):/gm)].map(([, name]) => name);
  expect([code, warned]).toEqual([0, codes]);
});

test("lowbit train warns before it trains: a warning stands before the first epoch, and once", async () => {
  const { code, stderr } = await workshop.run(`${train} --lr 0.002`);
  expect(code).toBe(0);
  const kinds = stderr.split("\n").flatMap((line) => /^(warning|epoch)/.exec(line)?.[1] ?? []);
  expect(kinds).toEqual(["warning", "epoch"]);
});

test.each([
  ["--observer percentile --percentile 90", "--observer percentile --percentile 99"],
  ["--observer histogram --bins 16", "--observer histogram --bins 2048"],
  ["--observer histogram --values-per-sample 1", "--observer histogram --values-per-sample all"],
  ["--observer moving-average --averaging-constant 1", "--observer moving-average --averaging-constant 0.01"],
])("%s finds another range than %s, and each the same again", async (first, second) => {
  const bytes = async (options: string): Promise<string> => {
    const args = `quantize normalized.onnx ${quantize} images.npz ${options} --quiet`;
    expect((await workshop.run(args)).code).toBe(0);
    return readFileSync(workshop.path("out.onnx"), "base64");
  };
  const found = await bytes(first);
  expect(await bytes(second)).not.toBe(found);
  expect(await bytes(first)).toBe(found);
});
