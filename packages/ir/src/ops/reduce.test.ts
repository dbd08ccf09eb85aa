import { expect, test } from "vitest";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["ReduceMean", ["float[N,3,4]", [1]], {}, "float[N,1,4]"],
  ["ReduceMean", ["float[N,3,4]", [-1, 1]], { keepdims: 0 }, "float[N]"],
  ["ReduceSum", ["float[N,3,4]"], {}, "float[1,1,1]"],
  ["ReduceSum", ["float[N,3,4]"], { keepdims: 0 }, "float"],
  ["ReduceSum", ["float[N,3,4]", []], { noop_with_empty_axes: 1 }, "float[N,3,4]"],
  ["ReduceSum", ["float[]"], { keepdims: 0 }, "float"],
  ["ReduceMax", ["float[N,1,4]", "int64[1]"], {}, "float[?,1,?]"],
  ["ReduceMax", ["float[N,3,4]", "int64[2]"], { keepdims: 0 }, "float[?]"],
  ["ReduceMax", ["float[N,3,4]", "int64[K]"], { keepdims: 0 }, "float[]"],
  ["ReduceL2", ["double[5,6]", [0]], { keepdims: 0 }, "double[6]"],
  ["ArgMax", ["float[N,10]"], { axis: -1, keepdims: 0 }, "int64[N]"],
  ["ArgMin", ["float[N,10]"], { axis: 1 }, "int64[N,1]"],
  ["TopK", ["float[N,10]", [3]], {}, "float[N,3] int64[N,3]"],
  ["TopK", ["float[N,10]", "int64[1]"], { axis: 0 }, "float[?,10] int64[?,10]"],
  ["CumSum", ["float[N,10]", 1], {}, "float[N,10]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("reductions that cannot be name the op and both values", () => {
  expect([
    objection("ReduceSum", ["float[2,3]", [2]]),
    objection("ReduceSum", ["float[2,3]", [1, -1]]),
    objection("ArgMax", ["float[2,3]"], { axis: -3 }),
    objection("TopK", ["float[2,3]", [4]]),
  ]).toMatchInlineSnapshot(`
    [
      "ReduceSum "n": axis 2 is out of range for rank 2",
      "ReduceSum "n": axes [1,-1] name an axis twice",
      "ArgMax "n": axis -3 is out of range for rank 2",
      "TopK "n": K 4 is more than the 3 elements along axis 1",
    ]
  `);
});

test("the product of a shape is known", () => {
  expect(inferredElements("ReduceProd", [[2, 3, 4]], { keepdims: 0 })).toEqual([24]);
});
