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
  expect(Object.keys(result)).toEqual(["integerMacs", "nodes"]);
  expect(result["integerMacs"]).toBe(1);
  const [first] = result["nodes"] as Record<string, unknown>[];
  expect(Object.keys(first!)).toEqual(["node", "op", "runs", "kernels", "macs", "reason"]);
});

test("lowbit verify says which products it does not count", async () => {
  const text = `g (float[3,1,4] x) => (y) <float[1,8,4] w, float[1,8,2] r> { [cell] y = LSTM <hidden_size = 2> (x, w, r) }`;
  saveModel(newModel(parseGraph(text)), workshop.path("lstm.onnx"));
  const { stdout } = await workshop.run("verify lstm.onnx");
  expect(stdout.split("\n").slice(-3)).toEqual([
    "the products inside 1 LSTM are not counted",
    "0.0 % of the multiply-accumulates run as integers",
    "",
  ]);
});

test("lowbit verify refuses a file that is not there", async () => {
  const { code } = await workshop.run("verify missing.onnx");
  expect(code).toBe(1);
});
