import { writeFileSync } from "node:fs";
import { newModel, parseGraph, saveModel } from "@lowbit/ir";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let workshop: Workshop;
beforeAll(async () => {
  workshop = new Workshop().withMlp();
  await workshop.run("quantize mlp.onnx -o int8.onnx --backend x86 --prefer integer --calibrate train.npz");
});
afterAll(() => workshop.close());

test("lowbit verify shows what runs as integers and ends with their share", async () => {
  const { code, stdout, stderr } = await workshop.run("verify int8.onnx --backend x86");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatchInlineSnapshot(`
    "lowered for x86

    node  op    runs as  kernel  products  why
    fc1   Gemm  integer  QGemm        512
    fc2   Gemm  integer  QGemm         96

    conversions left: "x" to codes
    100.0 % of the multiply-accumulates run as integers
    "
  `);
});

test("lowbit verify explains by the backend that the file names, and warns when another is asked for", async () => {
  await workshop.run("quantize mlp.onnx -o q.onnx --backend arm:qnnpack --prefer integer --calibrate train.npz");
  const { stdout, stderr } = await workshop.run("verify q.onnx");
  expect(stdout.split("\n").slice(0, 2)).toEqual([
    "lowered for arm:qnnpack",
    "ONNX Runtime rounds once, after a float32 multiplier, where QNNPACK rounds a Q31 product twice: its codes may differ by a step",
  ]);
  expect(stderr).toBe("");
  const other = await workshop.run("verify q.onnx --backend x86");
  expect(other.stderr).toBe(
    "warning verify/other-backend: the file says it was lowered for arm:qnnpack, and is explained by the kernels of x86\n" +
      "  help: leave --backend out to use what the file says\n",
  );
});

test("lowbit verify says of a float model why it runs in float", async () => {
  const { stdout } = await workshop.run("verify mlp.onnx");
  expect(stdout).toMatchInlineSnapshot(`
    "node  op    runs as  kernel     products  why
    fc1   Gemm  float    FusedGemm       512  its operand "x" is float: it comes from no DequantizeLinear
    fc2   Gemm  float                     96  its operand "relu_out" is float: it comes from no DequantizeLinear

    conversions left: none
    0.0 % of the multiply-accumulates run as integers
    "
  `);
});

test("lowbit verify gives the share and all nodes as JSON", async () => {
  const result = await workshop.json("verify int8.onnx");
  expect(Object.keys(result)).toEqual(["integerMacs", "nodes", "added"]);
  expect(result["integerMacs"]).toBe(1);
  const [first] = result["nodes"] as Record<string, unknown>[];
  expect(Object.keys(first!)).toEqual(["node", "op", "runs", "kernels", "macs", "reason"]);
});

test("lowbit verify counts the products of recurrent layers, and says which it does not count", async () => {
  const text = `g (float[3,1,4] x) => (y, z) <float[1,8,4] w, float[1,8,2] r> {
    [cell] y = LSTM <hidden_size = 2> (x, w, r)
    [sum] z = Einsum <equation = "ijk,ijk->ij"> (x, x)
  }`;
  saveModel(newModel(parseGraph(text)), workshop.path("lstm.onnx"));
  const { stdout } = await workshop.run("verify lstm.onnx");
  const lines = stdout.split("\n");
  expect(lines.find((line) => line.startsWith("cell"))).toMatch(/^cell +LSTM +float +144 /);
  expect(lines.slice(-3)).toEqual([
    "the products inside 1 Einsum are not counted",
    "0.0 % of the multiply-accumulates run as integers",
    "",
  ]);
});

test("a model that refuses made-up inputs is verified with data, and quantized without with a warning", async () => {
  // What is made up has one element, which is no row of six.
  const text = `g (float[N,L] x) => (y) <float[6,4] w, int64[2] rows = {-1, 6}> { r = Reshape (x, rows) [out] y = MatMul (r, w) }`;
  saveModel(newModel(parseGraph(text)), workshop.path("rows.onnx"));
  const refused = await workshop.run("verify rows.onnx");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^error runtime\/made-up: .* does not run on made-up inputs: /);
  writeFileSync(
    workshop.path("rows.mjs"),
    "export default () => [{ x: { data: new Float32Array(48), dims: [4, 12] } }];",
  );
  const { code, stdout } = await workshop.run("verify rows.onnx --data rows.mjs");
  expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "0.0 % of the multiply-accumulates run as integers"]);
  const made = await workshop.run("quantize rows.onnx -o rows8.onnx --backend x86 --mode dynamic");
  expect([made.code, made.stderr.split(":")[0]]).toEqual([0, "warning runtime/made-up"]);
  expect(made.stdout).toMatch("how much runs on integers (x86) is not known");
  const timed = await workshop.json("bench rows.onnx rows8.onnx --data rows.mjs --batch 2");
  expect(timed["ratio"]).toBeGreaterThan(0);
});

test("lowbit verify refuses a file that is not there", async () => {
  const { code } = await workshop.run("verify missing.onnx");
  expect(code).toBe(1);
});
