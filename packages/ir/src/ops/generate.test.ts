import { expect, test } from "vitest";
import { Tensor } from "../tensor.ts";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["Constant", [], { value: Tensor.of("float", [1, 2]) }, "float[2]"],
  ["Constant", [], { value_int: 3 }, "int64"],
  ["Constant", [], { value_ints: [1, 2] }, "int64[2]"],
  ["Constant", [], { value_float: 3 }, "float"],
  ["Constant", [], { value_strings: ["a", "b"] }, "string[2]"],
  ["ConstantOfShape", [[2, 3]], {}, "float[2,3]"],
  ["ConstantOfShape", ["int64[2]"], { value: Tensor.of("int64", [1]) }, "int64[?,?]"],
  ["Range", [0, 10, 3], {}, "int64[4]"],
  ["Range", ["float", "float", "float"], {}, "float[?]"],
  ["EyeLike", ["float[3,4]"], { dtype: 7 }, "int64[3,4]"],
  ["RandomNormal", [], { shape: [2, 3] }, "float[2,3]"],
  ["RandomUniformLike", ["float[N]"], { dtype: 11 }, "double[N]"],
  ["Bernoulli", ["double[N]"], {}, "double[N]"],
  ["Multinomial", ["float[N,10]"], { sample_size: 4 }, "int32[N,4]"],
  ["HannWindow", [16], {}, "float[16]"],
  ["DFT", ["float[N,16,1]", null, 1], {}, "float[N,16,2]"],
  ["DFT", ["float[N,16,1]", null, 1], { onesided: 1 }, "float[N,9,2]"],
  ["STFT", ["float[N,128,1]", 8, "float[16]"], {}, "float[N,15,9,2]"],
  ["Det", ["float[N,3,3]"], {}, "float[N]"],
  ["Resize", ["float[N,3,8,8]", null, Tensor.of("float", [1, 1, 2, 1.5])], {}, "float[N,3,16,12]"],
  ["Resize", ["float[N,3,8,8]", null, null, [1, 3, 20, 24]], {}, "float[1,3,20,24]"],
  ["Resize", ["float[N,3,8,8]", null, null, [20, 24]], { axes: [2, 3] }, "float[N,3,20,24]"],
  [
    "Resize",
    ["float[N,3,8,16]", null, null, [20, 24]],
    { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
    "float[N,3,12,24]",
  ],
  ["GridSample", ["float[N,3,8,8]", "float[N,4,5,2]"], {}, "float[N,3,4,5]"],
  ["AffineGrid", ["float[N,2,3]", [2, 3, 8, 9]], {}, "float[2,8,9,2]"],
  ["Col2Im", ["float[N,12,6]", [5, 5], [2, 2]], {}, "float[N,3,5,5]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("what cannot be made names the op and both values", () => {
  expect([
    objection("Range", [0, 10, 0]),
    objection("Range", [0, "float", 1]),
    objection("ConstantOfShape", [[-1]]),
    objection("ConstantOfShape", [[2 ** 40, 2 ** 40]]),
    objection("Resize", ["float[1,3,8,8]"]),
    objection("Resize", ["float[1,3,8,8]", null, null, [20, 24]]),
  ]).toMatchInlineSnapshot(`
    [
      "Range "n": delta must not be 0",
      "Range "n": operands must have one element type, but have int64 and float",
      "shape/overflow: ConstantOfShape "n": the result would have a dimension of -1 in [-1]",
      "shape/overflow: ConstantOfShape "n": the result float[1099511627776,1099511627776] has too many elements",
      "Resize "n": needs scales or sizes",
      "Resize "n": sizes has 2 entries for 4 axes",
    ]
  `);
});

test("elements of generated shapes are followed", () => {
  expect(inferredElements("Range", [1, 6, 2])).toEqual([1, 3, 5]);
  expect(inferredElements("ConstantOfShape", [[3]], { value: Tensor.of("int64", [7]) })).toEqual([7, 7, 7]);
});
