import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { CompileError, Graph, GraphEditor, newModel, Tensor, tensorType, type Model } from "@lowbit/ir";
import { integerShare, multiplyAccumulates } from "./integer-share.ts";
import { kernelTimes, whatRan } from "./what-ran.ts";

/** A float product of [2,3] by [3,4], then an integer one by [4,5] in QuantizeLinear/DequantizeLinear form. */
function halfInteger(): Model {
  const editor = new GraphEditor(new Graph("half"));
  const { op } = editor;
  const constant = (dtype: "float" | "int8" | "uint8", dims: readonly number[], value: number, name: string) =>
    editor.initializer(Tensor.of(dtype, Array(dims.reduce((a, b) => a * b, 1)).fill(value), dims), name);
  const x = editor.input("x", tensorType("float", [2, 3]));
  const hidden = op.MatMul([x, constant("float", [3, 4], 1, "w1")]);
  const [scale, zero] = [constant("float", [], 0.1, "scale"), constant("uint8", [], 128, "zero")];
  const codes = op.DequantizeLinear([op.QuantizeLinear([hidden, scale, zero]), scale, zero]);
  const weight = op.DequantizeLinear([
    constant("int8", [4, 5], 1, "w2"),
    constant("float", [], 0.1, "w2_scale"),
    constant("int8", [], 0, "w2_zero"),
  ]);
  const result = op.DequantizeLinear([op.QuantizeLinear([op.MatMul([codes, weight]), scale, zero]), scale, zero]);
  editor.rename(result, "y");
  editor.output(result);
  return newModel(editor.graph);
}

test("tells the kernels that ran, with their operands' types", async () => {
  const kernels = await whatRan(halfInteger(), { x: Tensor.of("float", [1, 2, 3, 4, 5, 6], [2, 3]) });
  expect(kernels.map(({ op, inputs, outputs }) => `${op} ${inputs[0]!.dtype} -> ${outputs[0]!.dtype}`)).toEqual([
    "MatMul float -> float",
    "QuantizeLinear float -> uint8",
    "QLinearMatMul uint8 -> uint8",
    "DequantizeLinear uint8 -> float",
  ]);
  expect(multiplyAccumulates(kernels)).toEqual({ total: 2 * 3 * 4 + 2 * 4 * 5, integer: 2 * 4 * 5 });
  expect(integerShare(kernels)).toBe(40 / 64);
});

test("tells the time of each kernel once, however often it ran", async () => {
  const size = 65_536;
  const editor = new GraphEditor(new Graph("large"));
  const x = editor.input("x", tensorType("float", [size]));
  editor.output(editor.op.Neg([editor.op.Abs([x])]));
  const feeds = { x: Tensor.of("float", new Float32Array(size), [size]) };
  const kernels = await kernelTimes(newModel(editor.graph), feeds, { threads: 1 });
  expect(kernels.map(({ op }) => op)).toEqual(["Abs", "Neg"]);
  for (const { microseconds } of kernels) expect(microseconds).toBeGreaterThan(0);
});

test("leaves no profile behind, even when the run fails", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-what-ran-"));
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, folder);
  try {
    await expect(whatRan(halfInteger(), {})).rejects.toThrow(CompileError);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

test("says that there is no room for a profile", async () => {
  const nowhere = join(tmpdir(), "lowbit-no-such-folder");
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, nowhere);
  try {
    const refused = whatRan(halfInteger(), { x: Tensor.of("float", [1, 2, 3, 4, 5, 6], [2, 3]) });
    await expect(refused).rejects.toThrow("what ONNX Runtime ran is not known, since its profile cannot be written: ");
  } finally {
    vi.unstubAllEnvs();
  }
});

test.each([
  ["Conv", "1x3x8x8 16x3x3x3 -> 1x16x6x6", 16 * 36 * 27],
  ["Conv", "1x8x8x8 8x1x3x3 -> 1x8x6x6", 8 * 36 * 9],
  ["QLinearConv", "1x8x8x3 1 1 16x3x3x3 -> 1x6x6x16", 16 * 36 * 27],
  ["ConvTranspose", "1x4x5x5 4x2x3x3 -> 1x2x7x7", 4 * 25 * 2 * 9],
  ["Gemm", "7x2 5x7 -> 2x5", 2 * 5 * 7],
  ["MatMul", "4x2x7 7x5 -> 4x2x5", 4 * 2 * 5 * 7],
  ["LSTM", "9x2x16 1x32x16 1x32x8 -> 9x1x2x8", 9 * 2 * 32 * (16 + 8)],
  ["GRU", "9x2x16 2x24x16 2x24x8 -> 9x2x2x8", 9 * 2 * 2 * 24 * (16 + 8)],
  // Of com.microsoft: projections to queries, keys and values, then scores and sums of 5 keys in 2 heads of 4.
  ["Attention", "3x5x8 8x24 -> 3x5x8", 3 * 5 * 8 * 24 + 3 * 2 * (5 * 5 * 4) * 2],
  ["Attention", "3x2x6x4 3x2x7x4 3x2x7x5 -> 3x2x6x5", 3 * 2 * 6 * 7 * (4 + 5)],
  ["MultiHeadAttention", "3x6x8 3x7x8 3x7x8 -> 3x6x8", 3 * 6 * 7 * (8 + 8)],
  ["Softmax", "3x6 -> 3x6", 0],
] as const)("counts the products of %s with %s", (op, shapes, expected) => {
  const [inputs, outputs] = shapes
    .split(" -> ")
    .map((side) => side.split(" ").map((dims) => tensorType("float", dims.split("x").map(Number))));
  const kernel = { node: op, op, inputs: inputs!, outputs: outputs!, microseconds: 1 };
  expect(multiplyAccumulates([kernel])).toEqual({ total: expected, integer: op === "QLinearConv" ? expected : 0 });
});
