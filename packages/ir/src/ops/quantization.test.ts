import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const oneToOne = ["uint8[N,3]", "float", "uint8", "float", "uint8"];
const twoToOne = ["uint8[N,3]", "float", "uint8", "uint8[3]", "float", "uint8", "float", "uint8"];
const pooled = ["uint8[N,8,8,3]", "float", "uint8", "float", "uint8"];
const parts = ["float", "uint8", "uint8[N,3]", "float", "uint8", "uint8[N,4]", "float", "uint8"];
const rows: readonly Row[] = [
  ["QuantizeLinear", ["float[N,3]", "float", "int8"], {}, "int8[N,3]"],
  ["QuantizeLinear", ["float[N,3]", "float"], {}, "uint8[N,3]"],
  ["QuantizeLinear", ["float[N,3]", "float"], { output_dtype: 22 }, "int4[N,3]"],
  ["QuantizeLinear", ["float[N,3,8]", "float[3]", "int8[3]"], { axis: 1 }, "int8[N,3,8]"],
  ["DequantizeLinear", ["int8[4,3]", "float[4]"], { axis: 0 }, "float[4,3]"],
  ["DequantizeLinear", ["int4[4,64]", "float16[4,2]"], { axis: 1, block_size: 32 }, "float16[4,64]"],
  ["DequantizeLinear", ["int8[4]", "float[1]", "int8[1]"], {}, "float[4]"],
  ["DynamicQuantizeLinear", ["float[N,3]"], {}, "uint8[N,3] float uint8"],
  ["com.microsoft:QLinearAdd", twoToOne, {}, "uint8[N,3]"],
  ["com.microsoft:QLinearMul", twoToOne, {}, "uint8[N,3]"],
  ["com.microsoft:QLinearSigmoid", oneToOne, {}, "uint8[N,3]"],
  ["com.microsoft:QLinearLeakyRelu", oneToOne, {}, "uint8[N,3]"],
  ["com.microsoft:QLinearSoftmax", oneToOne, { opset: 13 }, "uint8[N,3]"],
  ["com.microsoft:QLinearConcat", parts, { axis: 1 }, "uint8[N,7]"],
  ["com.microsoft:QLinearAveragePool", pooled, { kernel_shape: [2, 2] }, "uint8[N,8,7,2]"],
  ["com.microsoft:QLinearAveragePool", pooled, { kernel_shape: [2, 2], channels_last: 1 }, "uint8[N,7,7,3]"],
  ["com.microsoft:QLinearGlobalAveragePool", pooled, { channels_last: 1 }, "uint8[N,1,1,3]"],
  ["com.microsoft:QLinearReduceMean", oneToOne, { axes: [1], keepdims: 0 }, "uint8[N]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("scales and zero points that do not fit name the op and both values", () => {
  expect([
    objection("QuantizeLinear", ["float[2,3]", "float[2]"], { axis: 1 }),
    objection("QuantizeLinear", ["float[2,3]", "float[3]", "int8[2]"], { axis: 1 }),
    objection("QuantizeLinear", ["float[2,3]", "float[3]"], { axis: 2 }),
    objection("QuantizeLinear", ["float[2,3]", "float", "int8"], { output_dtype: 2 }),
    objection("QuantizeLinear", ["float[2,3]", "float[2,3]"], { axis: 1 }),
    objection("DequantizeLinear", ["int8[2,3]", "float", "uint8"]),
    objection("DequantizeLinear", ["int8[4,64]", "float[4,3]"], { axis: 1, block_size: 32 }),
  ]).toMatchInlineSnapshot(`
    [
      "QuantizeLinear "n": scale length (2) must equal size of axis 1 (3)",
      "QuantizeLinear "n": scale [3] and zero point [2] must have one shape",
      "QuantizeLinear "n": axis 2 is out of range for rank 2",
      "QuantizeLinear "n": output_dtype uint8 must equal the zero point's element type int8",
      "QuantizeLinear "n": scale [2,3] needs block_size, or must have rank 1",
      "DequantizeLinear "n": the zero point must have the operand's element type int8, but has uint8",
      "DequantizeLinear "n": scale [4,3] does not give [4,64] one entry per 32 along axis 1",
    ]
  `);
});
