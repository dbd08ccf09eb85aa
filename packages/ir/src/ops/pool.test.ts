import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["MaxPool", ["float[N,3,8,8]"], { kernel_shape: [2, 2], strides: [2, 2] }, "float[N,3,4,4]"],
  ["MaxPool", ["float[N,3,7,7]"], { kernel_shape: [2, 2], strides: [2, 2] }, "float[N,3,3,3]"],
  ["MaxPool", ["float[N,3,7,7]"], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, "float[N,3,4,4]"],
  // The last window would start in the padding behind the input: it does not count.
  ["MaxPool", ["float[1,1,2,2]"], { kernel_shape: [1, 1], strides: [2, 2], ceil_mode: 1 }, "float[1,1,1,1]"],
  ["AveragePool", ["float[1,1,4]"], { kernel_shape: [3], strides: [3], pads: [1, 1], ceil_mode: 1 }, "float[1,1,2]"],
  ["MaxPool", ["float[N,3,7,7]"], { kernel_shape: [3, 3], auto_pad: "SAME_UPPER", strides: [2, 2] }, "float[N,3,4,4]"],
  ["MaxPool", ["float[N,3,9,9]"], { kernel_shape: [3, 3], dilations: [2, 2] }, "float[N,3,5,5]"],
  ["MaxPool", ["float[N,3,H,W]"], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, "float[N,3,H,W]"],
  ["MaxPool", ["uint8[N,3,8]"], { kernel_shape: [3] }, "uint8[N,3,6]"],
  ["AveragePool", ["float[N,3,8,8]"], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }, "float[N,3,4,4]"],
  ["LpPool", ["float[N,3,8,8]"], { kernel_shape: [2, 2] }, "float[N,3,7,7]"],
  ["GlobalAveragePool", ["float[N,C,H,W]"], {}, "float[N,C,1,1]"],
  ["GlobalMaxPool", ["float[N,C,7]"], {}, "float[N,C,1]"],
  ["GlobalAveragePool", ["float[]"], {}, "float[]"],
  ["MaxUnpool", ["float[1,1,2,2]", "int64[1,1,2,2]"], { kernel_shape: [2, 2], strides: [2, 2] }, "float[1,1,4,4]"],
  ["MaxUnpool", ["float[1,1,2,2]", "int64[1,1,2,2]", [1, 1, 5, 5]], { kernel_shape: [2, 2] }, "float[1,1,5,5]"],
  ["MaxRoiPool", ["float[1,3,32,32]", "float[7,5]"], { pooled_shape: [6, 6] }, "float[7,3,6,6]"],
  ["RoiAlign", ["float[1,3,32,32]", "float[R,4]", "int64[R]"], { output_height: 5, output_width: 6 }, "float[R,3,5,6]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("MaxPool also gives int64 indices when asked for them", () => {
  expect(inferredTypes("MaxPool", ["float[N,3,8,8]"], { kernel_shape: [2, 2] }, 2)).toBe(
    "float[N,3,7,7] int64[N,3,7,7]",
  );
});

test("pools that cannot be name the op and both values", () => {
  expect([
    objection("MaxPool", ["float[1,3,8,8]"]),
    objection("MaxPool", ["float[1,3,8,8]"], { kernel_shape: [2] }),
    objection("AveragePool", ["float[1,3,2,2]"], { kernel_shape: [3, 3] }),
    objection("AveragePool", ["float[1,3,8,8]"], { kernel_shape: [2, 2], pads: [1, 1] }),
    objection("GlobalAveragePool", ["float[3]"]),
  ]).toMatchInlineSnapshot(`
    [
      "MaxPool "n": the attribute kernel_shape is missing",
      "MaxPool "n": the kernel has 1 axes, but the operand has 2 spatial axes",
      "AveragePool "n": the kernel covers 3 elements of axis 2, which has 2 and 0 of padding",
      "AveragePool "n": pads has 2 entries, 4 are needed",
      "GlobalAveragePool "n": input of rank 1 has no batch and channel axes",
    ]
  `);
});
