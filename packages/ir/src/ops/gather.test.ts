import { expect, test } from "vitest";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["Gather", ["float[V,64]", "int64[N,L]"], {}, "float[N,L,64]"],
  ["Gather", ["float[N,3,64]", 0], { axis: 1 }, "float[N,64]"],
  ["Gather", ["float[N,3,64]", "int64[2]"], { axis: -1 }, "float[N,3,2]"],
  ["Gather", ["float[]", "int64[2]"], {}, "float[]"],
  ["GatherElements", ["float[5,6]", "int64[2,6]"], {}, "float[2,6]"],
  ["GatherND", ["float[5,6,7]", "int64[N,2]"], {}, "float[N,7]"],
  ["GatherND", ["float[B,6,7]", "int64[B,4,1]"], { batch_dims: 1 }, "float[B,4,7]"],
  ["GatherND", ["float[5,6,7]", "int64[N,K]"], {}, "float[]"],
  ["ScatterElements", ["float[5,6]", "int64[2,6]", "float[2,6]"], {}, "float[5,6]"],
  ["ScatterND", ["float[5,6]", "int64[2,1]", "float[2,6]"], {}, "float[5,6]"],
  ["OneHot", ["int64[N]", 10, "float[2]"], {}, "float[N,10]"],
  ["OneHot", ["int64[N,4]", [10], "uint8[2]"], { axis: 1 }, "uint8[N,10,4]"],
  ["OneHot", ["int64[N]", "int64", "float[2]"], {}, "float[N,?]"],
  ["NonZero", ["float[N,4]"], {}, "int64[2,?]"],
  ["Compress", ["float[3,4]", "bool[3]"], { axis: 0 }, "float[?,4]"],
  ["Compress", ["float[3,4]", "bool[3]"], {}, "float[?]"],
  ["Trilu", ["float[N,4,4]"], {}, "float[N,4,4]"],
  ["NonMaxSuppression", ["float[1,6,4]", "float[1,1,6]"], {}, "int64[?,3]"],
  ["ReverseSequence", ["float[4,4]", "int64[4]"], {}, "float[4,4]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("Unique counts its slices only when the model runs", () => {
  expect([
    inferredTypes("Unique", ["float[N]"], {}, 4),
    inferredTypes("Unique", ["float[N,4]"], { axis: 0 }, 4),
  ]).toEqual(["float[?] int64[?] int64[?] int64[?]", "float[?,4] int64[?] int64[N] int64[?]"]);
});

test("indices that do not fit name the op and both values", () => {
  expect([
    objection("Gather", ["float[2,3]", 0], { axis: 2 }),
    objection("Gather", ["float", 0]),
    objection("GatherElements", ["float[2,3]", "int64[2]"]),
    objection("GatherND", ["float[2,3]", "int64[5,3]"]),
    objection("ScatterElements", ["float[2,3]", "int64[2,3]", "float[2,2]"]),
    objection("ScatterND", ["float[2,3]", "int64[2,3]", "float[2]"]),
    objection("ScatterND", ["float[2,3]", "int64[2,1]", "double[2,3]"]),
    objection("OneHot", ["int64[2]", 3, "float[2]"], { axis: 2 }),
  ]).toMatchInlineSnapshot(`
    [
      "Gather "n": axis 2 is out of range for rank 2",
      "Gather "n": data must not be a scalar",
      "GatherElements "n": data [2,3] and indices [2] must have one rank",
      "GatherND "n": indices [5,3] address 3 axes of data [2,3]",
      "ScatterElements "n": axis 1 of indices (3) must equal the same of updates (2)",
      "ScatterND "n": indices address 3 axes of data [2,3]",
      "ScatterND "n": operands must have one element type, but have float and double",
      "OneHot "n": axis 2 is out of range for rank 2",
    ]
  `);
});

test("elements picked from shapes are followed", () => {
  expect(inferredElements("Gather", [[4, 5, 6], 1])).toEqual([5]);
  expect(
    inferredElements("Gather", [
      [4, 5, 6],
      [-1, 0],
    ]),
  ).toEqual([6, 4]);
});
