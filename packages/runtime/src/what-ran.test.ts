import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { CompileError, Graph, GraphEditor, newModel, Tensor, tensorType, type Model } from "@lowbit/ir";
import { integerShare, multiplyAccumulates } from "./integer-share.ts";
import { whatRan } from "./what-ran.ts";

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

test("counts products by the shapes of their kernels", () => {
  const kernel = (op: string, inputs: readonly (readonly number[])[], output: readonly number[]) => ({
    node: op,
    op,
    inputs: inputs.map((dims) => tensorType("float", dims)),
    outputs: [tensorType("float", output)],
    microseconds: 1,
  });
  const count = (...kernels: readonly ReturnType<typeof kernel>[]): number => multiplyAccumulates(kernels).total;
  expect(
    count(
      kernel(
        "Conv",
        [
          [1, 3, 8, 8],
          [16, 3, 3, 3],
        ],
        [1, 16, 6, 6],
      ),
    ),
  ).toBe(16 * 36 * 27);
  expect(
    count(
      kernel(
        "Conv",
        [
          [1, 8, 8, 8],
          [8, 1, 3, 3],
        ],
        [1, 8, 6, 6],
      ),
    ),
  ).toBe(8 * 36 * 9);
  expect(count(kernel("QLinearConv", [[1, 8, 8, 3], [], [], [16, 3, 3, 3]], [1, 6, 6, 16]))).toBe(16 * 36 * 27);
  expect(
    count(
      kernel(
        "ConvTranspose",
        [
          [1, 4, 5, 5],
          [4, 2, 3, 3],
        ],
        [1, 2, 7, 7],
      ),
    ),
  ).toBe(4 * 25 * 2 * 9);
  expect(
    count(
      kernel(
        "Gemm",
        [
          [7, 2],
          [5, 7],
        ],
        [2, 5],
      ),
    ),
  ).toBe(2 * 5 * 7);
  expect(
    count(
      kernel(
        "MatMul",
        [
          [4, 2, 7],
          [7, 5],
        ],
        [4, 2, 5],
      ),
    ),
  ).toBe(4 * 2 * 5 * 7);
  expect(count(kernel("Relu", [[4]], [4]))).toBe(0);
});
