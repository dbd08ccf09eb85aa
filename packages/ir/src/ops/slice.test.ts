import { expect, test } from "vitest";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const end = Number.MAX_SAFE_INTEGER;
const rows: readonly Row[] = [
  ["Slice", ["float[10]", [2], [5]], {}, "float[3]"],
  ["Slice", ["float[N,10]", [1], [end], [1]], {}, "float[N,9]"],
  ["Slice", ["float[N,10]", [-3], [end], [-1]], {}, "float[N,3]"],
  ["Slice", ["float[10]", [0], [-1]], {}, "float[9]"],
  ["Slice", ["float[10]", [0], [10], [0], [3]], {}, "float[4]"],
  ["Slice", ["float[10]", [-1], [-end], [0], [-1]], {}, "float[10]"],
  ["Slice", ["float[10]", [8], [2], [0], [-2]], {}, "float[3]"],
  ["Slice", ["float[10]", [8], [2]], {}, "float[0]"],
  ["Slice", ["float[N,10]", [0], [end], [0]], {}, "float[N,10]"],
  ["Slice", ["float[N,10]", [1], [end], [0]], {}, "float[?,10]"],
  ["Slice", ["float[4,10]", [0, 2], [2, 4]], {}, "float[2,2]"],
  ["Slice", ["float[N,10]", "int64[1]", "int64[1]", [1]], {}, "float[N,?]"],
  ["Slice", ["float[N,10]", [0], [1], "int64[1]"], {}, "float[?,?]"],
  ["Slice", ["float[]", [0], [1]], {}, "float[]"],
  ["Pad", ["float[N,3]", [0, 1, 0, 2]], {}, "float[N,6]"],
  ["Pad", ["float[N,3]", [1, 0, 1, 0]], {}, "float[?,3]"],
  ["Pad", ["float[N,3]", [1, 1], null, [-1]], {}, "float[N,5]"],
  ["Pad", ["float[N,3]", [0, -1, 0, -1]], {}, "float[N,1]"],
  ["Pad", ["float[N,3]", "int64[4]"], {}, "float[?,?]"],
  ["CenterCropPad", ["float[10,7,3]", [8, 9]], { axes: [0, 1] }, "float[8,9,3]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("slices and paddings that cannot be name the op and both values", () => {
  expect([
    objection("Slice", ["float[4]", [0], [1], [1]]),
    objection("Slice", ["float[4]", [0], [1], [0], [0]]),
    objection("Slice", ["float[4]", [0, 0], [1, 1]]),
    objection("Pad", ["float[2,3]", [1, 1]]),
    objection("Pad", ["float[2,3]", [0, -2, 0, -2]]),
  ]).toMatchInlineSnapshot(`
    [
      "Slice "n": axis 1 is out of range for rank 1",
      "Slice "n": the step along axis 0 is 0",
      "Slice "n": 2 starts for the 1 axes of [4]",
      "Pad "n": pads has 2 entries, 4 are needed for 2 axes",
      "Pad "n": pads [0,-2,0,-2] leave -1 elements of [2,3]",
    ]
  `);
});

test("slices of shapes are followed", () => {
  expect(inferredElements("Slice", [[1, 2, 3, 4], [1], [end]])).toEqual([2, 3, 4]);
  expect(inferredElements("Slice", [[1, 2, 3, 4], [-1], [-end], [0], [-2]])).toEqual([4, 2]);
});
