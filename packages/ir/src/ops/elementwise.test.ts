import { expect, test } from "vitest";
import { Tensor } from "../tensor.ts";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["Add", ["float[N,3]", "float[3]"], {}, "float[N,3]"],
  ["Sub", ["float[N,1,4]", "float[M,1]"], {}, "float[N,M,4]"],
  ["Mul", ["float[N]", "float[M]"], {}, "float[?]"],
  ["Mul", ["float[N,3]", "float[N,3]"], {}, "float[N,3]"],
  ["Div", ["float", "float[2,?]"], {}, "float[2,?]"],
  ["Add", ["float[?,3]", "float[5,1]"], {}, "float[5,3]"],
  ["Add", ["float[]", "float[3]"], {}, "float[]"],
  ["Add", ["float[0,3]", "float[1,3]"], {}, "float[0,3]"],
  ["Pow", ["float[2,3]", "int64[3]"], {}, "float[2,3]"],
  ["Max", ["float[2,1]", "float[3]", "float"], {}, "float[2,3]"],
  ["Mean", ["float[2,1]"], {}, "float[2,1]"],
  ["Equal", ["int64[N]", "int64[1]"], {}, "bool[N]"],
  ["Less", ["float[2,1]", "float[3]"], {}, "bool[2,3]"],
  ["And", ["bool[2]", "bool[2]"], {}, "bool[2]"],
  ["Not", ["bool[N]"], {}, "bool[N]"],
  ["IsNaN", ["float[N]"], {}, "bool[N]"],
  ["Where", ["bool[N,1]", "float[4]", "float"], {}, "float[N,4]"],
  ["Relu", ["float[N,3]"], {}, "float[N,3]"],
  ["Gelu", ["float[]"], {}, "float[]"],
  ["PRelu", ["float[N,3,4,4]", "float[3,1,1]"], {}, "float[N,3,4,4]"],
  ["Clip", ["float[N]", "float", "float"], {}, "float[N]"],
  ["Softmax", ["float[N,10]"], { axis: 1 }, "float[N,10]"],
  ["Cast", ["float[N]"], { to: 7 }, "int64[N]"],
  ["CastLike", ["float[N]", "int8[4]"], {}, "int8[N]"],
  ["Identity", ["float[N]"], {}, "float[N]"],
  ["BitShift", ["uint8[3]", "uint8[1]"], { direction: "LEFT" }, "uint8[3]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("operands that do not go together name the op and both values", () => {
  expect([
    objection("Add", ["float[2,3]", "float[4]"]),
    objection("Add", ["float[2,3]", "int64[3]"]),
    objection("PRelu", ["float[1,3,4,4]", "float[3]"]),
    objection("Softmax", ["float[1,3]"], { axis: 2 }),
    objection("Cast", ["float[1,3]"], { to: 99 }),
    objection("Clip", ["float[3]", "double"]),
    objection("Where", ["bool[2]", "float[3]", "float[3]"]),
  ]).toMatchInlineSnapshot(`
    [
      "Add "n": shapes [2,3] and [4] cannot be broadcast: 3 and 4",
      "Add "n": operands must have one element type, but have float and int64",
      "PRelu "n": slope of shape [3] does not broadcast to [1,3,4,4]",
      "Softmax "n": axis 2 is out of range for rank 2",
      "Cast "n": the attribute to names no element type: 99",
      "Clip "n": operands must have one element type, but have float and double",
      "Where "n": shapes [2] and [3] cannot be broadcast: 2 and 3",
    ]
  `);
});

test("integers are computed as C does: division truncates, results that do not fit are unknown", () => {
  const int32 = (...values: number[]): Tensor => Tensor.of("int32", values);
  expect(inferredElements("Add", [[1, 2], [10]])).toEqual([11, 12]);
  expect(inferredElements("Div", [[7, -7], [2]])).toEqual([3, -3]);
  expect(inferredElements("Mod", [[7, -7], [3]])).toEqual([1, 2]);
  expect(inferredElements("Div", [[7], [0]])).toEqual([null]);
  expect(inferredElements("Mul", [int32(65536), int32(65536)])).toEqual([null]);
  expect(inferredElements("Max", [[1, 5], [3], [2, 9]])).toEqual([3, 9]);
  expect(inferredElements("Neg", [[1, -5]])).toEqual([-1, 5]);
  expect(inferredElements("Equal", [[1, 5], [5]])).toEqual([0, 1]);
  expect(inferredElements("Where", [Tensor.of("bool", [1, 0]), [1, 2], [3, 4]])).toEqual([1, 4]);
  expect(inferredElements("Cast", [Tensor.of("float", [2.7, -2.7])], { to: 7 })).toEqual([2, -2]);
  expect(inferredElements("Floor", [Tensor.of("float", [2.7, -2.7])])).toEqual([2, -3]);
});

test("elements that a number cannot hold exactly are not handed on", () => {
  const ends = Tensor.of("int64", [9223372036854775807n]);
  expect(inferredElements("Identity", [ends])).toEqual([null]);
});
