import { expect, test } from "vitest";
import { Tensor } from "../tensor.ts";
import { inferredElements, inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["Shape", ["float[N,3]"], {}, "int64[2]"],
  ["Shape", ["float[N,3,4]"], { start: -2 }, "int64[2]"],
  ["Shape", ["float[]"], {}, "int64[?]"],
  ["Size", ["float[N,3]"], {}, "int64"],
  ["Reshape", ["float[2,3,4]", [6, -1]], {}, "float[6,4]"],
  ["Reshape", ["float[N,3,4]", [0, -1]], {}, "float[N,12]"],
  ["Reshape", ["float[N,3,4]", [-1, 12]], {}, "float[N,12]"],
  ["Reshape", ["float[N,3,4]", [-1]], {}, 'float["12*N"]'],
  ["Reshape", ["float[N,12]", [-1, 4]], {}, 'float["3*N",4]'],
  ["Reshape", ["float[12*N,4]", [-1, 12, 4]], {}, "float[N,12,4]"],
  ["Reshape", ["float[N,1,C]", [0, -1]], {}, "float[N,C]"],
  ["Reshape", ["float[0,3]", [3, 0]], { allowzero: 1 }, "float[3,0]"],
  ["Reshape", ["float[2,3]", "int64[3]"], {}, "float[?,?,?]"],
  ["Reshape", ["float[2,3]", "int64[K]"], {}, "float[]"],
  ["Reshape", ["float[]", [2, -1]], {}, "float[2,?]"],
  ["Reshape", ["float[1]", Tensor.of("int64", [], [0])], {}, "float"],
  ["Flatten", ["float[N,3,4]"], {}, "float[N,12]"],
  ["Flatten", ["float[2,3,4]"], { axis: 2 }, "float[6,4]"],
  ["Flatten", ["float[2,3]"], { axis: 0 }, "float[1,6]"],
  ["Flatten", ["float[2,3,4]"], { axis: -1 }, "float[6,4]"],
  ["Flatten", ["float[]"], {}, "float[?,?]"],
  ["Squeeze", ["float[N,1,3,1]", [1]], {}, "float[N,3,1]"],
  ["Squeeze", ["float[2,1,3,1]"], {}, "float[2,3]"],
  ["Squeeze", ["float[N,1]"], {}, "float[]"],
  ["Squeeze", ["float[N,1,3]", "int64[1]"], {}, "float[?,?]"],
  ["Unsqueeze", ["float[N,3]", [0, -1]], {}, "float[1,N,3,1]"],
  ["Unsqueeze", ["float[N,3]", "int64[2]"], {}, "float[?,?,?,?]"],
  ["Transpose", ["float[N,3,4]"], { perm: [0, 2, 1] }, "float[N,4,3]"],
  ["Transpose", ["float[N,3,4]"], {}, "float[4,3,N]"],
  ["Transpose", ["float[]"], { perm: [1, 0] }, "float[?,?]"],
  ["Expand", ["float[3,1]", [2, 1, 4]], {}, "float[2,3,4]"],
  ["Expand", ["float[N,1]", [1]], {}, "float[N,1]"],
  ["Expand", ["float[3]", "int64[2]"], {}, "float[?,?]"],
  ["Tile", ["float[N,3]", [1, 2]], {}, "float[N,6]"],
  ["Tile", ["float[N,3]", "int64[2]"], {}, "float[?,?]"],
  ["Concat", ["float[N,3]", "float[N,4]"], { axis: 1 }, "float[N,7]"],
  ["Concat", ["float[N,3]", "float[?,4]"], { axis: -1 }, "float[N,7]"],
  ["Concat", ["float[N,3]", "float[N,K]"], { axis: 1 }, "float[N,?]"],
  ["Concat", ["float[N,3]", "float[]"], { axis: 1 }, "float[N,?]"],
  ["DepthToSpace", ["float[N,12,2,3]"], { blocksize: 2 }, "float[N,3,4,6]"],
  ["SpaceToDepth", ["float[N,3,4,6]"], { blocksize: 2 }, "float[N,12,2,3]"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("Split gives the parts it names, equal ones, or a smaller last one", () => {
  expect([
    inferredTypes("Split", ["float[N,6]", [2, 4]], { axis: 1 }, 2),
    inferredTypes("Split", ["float[7]"], { num_outputs: 3 }, 3),
    inferredTypes("Split", ["float[N,6]"], { axis: 0, num_outputs: 2 }, 2),
    inferredTypes("Split", ["float[N,6]", "int64[2]"], { axis: 1 }, 2),
  ]).toEqual(["float[N,2] float[N,4]", "float[3] float[3] float[1]", "float[?,6] float[?,6]", "float[N,?] float[N,?]"]);
});

test("Split follows as many constant sizes as it has outputs", () => {
  const hundred = Array.from({ length: 100 }, () => 1);
  expect(inferredTypes("Split", ["float[100]", hundred], {}, 100)).toBe(hundred.map(() => "float[1]").join(" "));
});

test("shapes that do not fit name the op and both values", () => {
  expect([
    objection("Reshape", ["float[2,3]", [4, 2]]),
    objection("Reshape", ["float[2,3]", [4, -1]]),
    objection("Reshape", ["float[2,3]", [-1, -1]]),
    objection("Reshape", ["float[2,3]", [-2, 3]]),
    objection("Reshape", ["float[6]", [6, 0]]),
    objection("Squeeze", ["float[2,3]", [1]]),
    objection("Unsqueeze", ["float[2,3]", [0, 0]]),
    objection("Transpose", ["float[2,3]"], { perm: [0, 0] }),
    objection("Transpose", ["float[2,3]"], { perm: [0] }),
    objection("Expand", ["float[2,3]", [4]]),
    objection("Tile", ["float[2,3]", [4]]),
    objection("Concat", ["float[2,3]", "float[3,3]"], { axis: 1 }),
    objection("Concat", ["float[2,3]", "int8[2,3]"], { axis: 1 }),
    objection("Split", ["float[6]", [2, 3]], {}, 2),
    objection("Split", ["float[6]", [2, 4]], {}, 3),
    objection("DepthToSpace", ["float[1,6,2,2]"], { blocksize: 2 }),
    objection("Tile", ["float[9007199254740991]", [2]]),
  ]).toMatchInlineSnapshot(`
    [
      "Reshape "n": [2,3] cannot be reshaped to [4,2]: they have different element counts",
      "Reshape "n": [2,3] cannot be reshaped to [4,-1]: they have different element counts",
      "Reshape "n": shape [-1,-1] has -1 twice",
      "Reshape "n": shape [-2,3] contains -2",
      "Reshape "n": shape [6,0] copies axis 1 of [6]",
      "Squeeze "n": axis 1 of [2,3] has size 3, not 1",
      "Unsqueeze "n": axes [0,0] name an axis twice",
      "Transpose "n": axes [0,0] name an axis twice",
      "Transpose "n": perm [0] must list the 2 axes of [2,3]",
      "Expand "n": shapes [2,3] and [4] cannot be broadcast: 3 and 4",
      "Tile "n": repeats [4] must have one entry per axis of [2,3]",
      "Concat "n": operands [2,3] and [3,3] do not agree beside axis 1",
      "Concat "n": operands must have one element type, but have float and int8",
      "Split "n": split [2,3] must add up to the 6 elements along axis 0",
      "Split "n": split [2,4] has 2 parts for 3 outputs",
      "DepthToSpace "n": channels 6 must be a multiple of blocksize² 4",
      "shape/overflow: Tile "n": the result would have a dimension of 18014398509481982 in [18014398509481982]",
    ]
  `);
});

test("the elements of shapes are followed, symbols included", () => {
  expect(inferredElements("Shape", ["float[N,3]"])).toEqual(["N", 3]);
  expect(inferredElements("Size", ["float[2,3]"])).toEqual([6]);
  expect(inferredElements("Concat", [[1], [2, 3]], { axis: 0 })).toEqual([1, 2, 3]);
  expect(inferredElements("Concat", [[1], "int64[2]"], { axis: 0 })).toEqual([1, null, null]);
  expect(inferredElements("Unsqueeze", [5, [0]])).toEqual([5]);
  expect(inferredElements("Expand", [[7], [3]])).toEqual([7, 7, 7]);
  expect(
    inferredElements(
      "Split",
      [
        [1, 2, 3],
        [1, 2],
      ],
      {},
      2,
    ),
  ).toEqual([1]);
});

test("elements of matrices are followed too: exporters reverse padding as Reshape, Slice, Transpose, Reshape", () => {
  const pairs = Tensor.of("int64", [0, 1, 2, 3, 4, 5], [3, 2]);
  expect(inferredElements("Slice", [pairs, [-1], [Number.MIN_SAFE_INTEGER], [0], [-1]])).toEqual([4, 5, 2, 3, 0, 1]);
  expect(inferredElements("Transpose", [pairs])).toEqual([0, 2, 4, 1, 3, 5]);
  expect(inferredElements("Reshape", [pairs, [-1]])).toEqual([0, 1, 2, 3, 4, 5]);
});
