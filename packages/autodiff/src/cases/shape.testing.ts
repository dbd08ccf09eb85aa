import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Ops that move elements. */
export const shapeCases: readonly GradientCase[] = [
  ...casesOf(
    "Reshape",
    ["to a constant shape", "(double[2,3,4] x) => (y) <int64[2] s = {6, -1}> { y = Reshape (x, s) }"],
    ["to a shape of the run", "(double[2,3,4] x, int64[2] s) => (y) { y = Reshape (x, s) }", { given: { s: [4, 6] } }],
    ["0 copies an axis", "(double[2,3,4] x) => (y) <int64[2] s = {0, -1}> { y = Reshape (x, s) }"],
    ["allowzero", "(double[2,3,4] x) => (y) <int64[2] s = {6, 4}> { y = Reshape <allowzero = 1> (x, s) }"],
  ),
  ...casesOf(
    "Flatten",
    ["axis 1", "(double[2,3,4] x) => (y) { y = Flatten (x) }"],
    ["axis -1", "(double[2,3,4] x) => (y) { y = Flatten <axis = -1> (x) }"],
    ["axis 0", "(double[2,3,4] x) => (y) { y = Flatten <axis = 0> (x) }"],
  ),
  ...casesOf(
    "Squeeze",
    ["given axes", "(double[2,1,3,1] x) => (y) <int64[1] a = {-1}> { y = Squeeze (x, a) }"],
    ["all axes of 1", "(double[2,1,3,1] x) => (y) { y = Squeeze (x) }"],
    ["axes of the run", "(double[2,1,3,1] x, int64[2] a) => (y) { y = Squeeze (x, a) }", { given: { a: [-1, 1] } }],
  ),
  ...casesOf(
    "Unsqueeze",
    ["two axes", "(double[2,3] x) => (y) <int64[2] a = {0, -1}> { y = Unsqueeze (x, a) }"],
    ["axes of the run", "(double[2,3] x, int64[2] a) => (y) { y = Unsqueeze (x, a) }", { given: { a: [-1, 1] } }],
  ),
  ...casesOf(
    "Transpose",
    ["given order", "(double[2,3,4] x) => (y) { y = Transpose <perm = [1,2,0]> (x) }"],
    ["reversed", "(double[2,3,4] x) => (y) { y = Transpose (x) }"],
  ),
  ...casesOf(
    "Expand",
    ["constant shape", "(double[3,1] x) => (y) <int64[3] s = {2, 1, 4}> { y = Expand (x, s) }"],
    ["shape of the run", "(double[3,1] x, int64[3] s) => (y) { y = Expand (x, s) }", { given: { s: [2, 3, 4] } }],
    ["1 leaves an axis as it is", "(double[2,3,1] x) => (y) <int64[2] s = {1, 4}> { y = Expand (x, s) }"],
    ["a scalar", "(double x) => (y) <int64[2] s = {2, 3}> { y = Expand (x, s) }"],
  ),
  ...casesOf(
    "Tile",
    ["some axes", "(double[2,3,2] x) => (y) <int64[3] r = {2, 1, 3}> { y = Tile (x, r) }"],
    ["no axis", "(double[2,3] x) => (y) <int64[2] r = {1, 1}> { y = Tile (x, r) }"],
    ["repeats of the run", "(double[2,3] x, int64[2] r) => (y) { y = Tile (x, r) }", { given: { r: [2, 3] } }],
  ),
  ...casesOf(
    "DepthToSpace",
    ["DCR", "(double[1,8,2,3] x) => (y) { y = DepthToSpace <blocksize = 2> (x) }"],
    ["CRD", '(double[2,8,2,3] x) => (y) { y = DepthToSpace <blocksize = 2, mode = "CRD"> (x) }', { staticOnly: true }],
  ),
  ...casesOf("SpaceToDepth", ["blocks of 2", "(double[1,2,4,6] x) => (y) { y = SpaceToDepth <blocksize = 2> (x) }"]),
  ...casesOf(
    "Concat",
    ["all operands", "(double[2,3] a, double[2,1] b, double[2,2] c) => (y) { y = Concat <axis = 1> (a, b, c) }"],
    ["the last axis", "(double[2,3] a, double[2,1] b) => (y) { y = Concat <axis = -1> (a, b) }"],
    [
      "one trained operand between others",
      "(double[2,3] b) => (y) <double[1,3] a = {1,2,3}, double[2,3] c = {1,2,3,4,5,6}> { y = Concat <axis = 0> (a, b, c) }",
    ],
    ["one operand twice", "(double[2,3] a) => (y) { y = Concat <axis = 0> (a, a) }"],
    ["one operand", "(double[2,3] a) => (y) { y = Concat <axis = 0> (a) }"],
  ),
  ...casesOf(
    "Split",
    ["given sizes", "(double[2,6] x) => (a, b, c) <int64[3] s = {1, 2, 3}> { a, b, c = Split <axis = 1> (x, s) }"],
    ["equal sizes, one part unused", "(double[6,2] x) => (a, c) { a, b, c = Split <num_outputs = 3> (x) }"],
    ["a smaller last part", "(double[2,7] x) => (a, c) { a, b, c = Split <num_outputs = 3, axis = -1> (x) }"],
    ["sizes of the run", "(double[5,2] x, int64[2] s) => (a, b) { a, b = Split (x, s) }", { given: { s: [4, 1] } }],
  ),
  ...casesOf(
    "Slice",
    [
      "one axis",
      "(double[4,5] x) => (y) <int64[1] s = {1}, int64[1] e = {4}, int64[1] a = {1}> { y = Slice (x, s, e, a) }",
    ],
    [
      "to the end, from the end",
      "(double[4,5] x) => (y) <int64[2] s = {1, -3}, int64[2] e = {9223372036854775807, -1}> { y = Slice (x, s, e) }",
    ],
    [
      "every second, every third",
      "(double[5,7] x) => (y) <int64[2] s = {0, 1}, int64[2] e = {5, 7}, int64[2] a = {0, 1}, int64[2] t = {2, 3}> { y = Slice (x, s, e, a, t) }",
    ],
    [
      "backwards",
      "(double[5,4] x) => (y) <int64[1] s = {-1}, int64[1] e = {-9223372036854775807}, int64[1] a = {0}, int64[1] t = {-1}> { y = Slice (x, s, e, a, t) }",
    ],
    [
      "backwards with a step",
      "(double[7] x) => (y) <int64[1] s = {5}, int64[1] e = {0}, int64[1] a = {0}, int64[1] t = {-2}> { y = Slice (x, s, e, a, t) }",
    ],
    ["everything", "(double[3] x) => (y) <int64[1] s = {0}, int64[1] e = {3}> { y = Slice (x, s, e) }"],
    [
      "32-bit bounds and steps of the run",
      "(double[5,6] x, int32[2] s, int32[2] e, int32[2] t) => (y) <int32[2] a = {-1, 0}> { y = Slice (x, s, e, a, t) }",
      { given: { s: [5, 0], e: [0, 4], t: [-2, 3] } },
    ],
    [
      "32-bit constant bounds",
      "(double[5,6] x) => (y) <int32[2] s = {1, -5}, int32[2] e = {4, 6}, int32[2] a = {-2, 1}> { y = Slice (x, s, e, a) }",
    ],
    [
      "nothing",
      "(double[3] x, double[3] z) => (y) <int64[1] s = {2}, int64[1] e = {1}> { n = Slice (x, s, e) y = Concat <axis = 0> (n, z) }",
    ],
    [
      "bounds of the run",
      "(double[4,5] x, int64[2] s, int64[2] e) => (y) <int64[2] a = {1, 0}> { y = Slice (x, s, e, a) }",
      { given: { s: [1, 0], e: [4, 3] } },
    ],
  ),
  ...casesOf(
    "Pad",
    ["zeros", "(double[2,3] x) => (y) <int64[4] p = {1, 0, 0, 2}> { y = Pad (x, p) }"],
    [
      "a trained constant",
      "(double[2,3] x, double c) => (y) <int64[2] p = {1, 2}, int64[1] a = {1}> { y = Pad (x, p, c, a) }",
    ],
    ["negative pads", "(double[4,5] x) => (y) <int64[4] p = {-1, 2, 0, -2}> { y = Pad (x, p) }"],
    ["pads of the run", "(double[2,3] x, int64[4] p) => (y) { y = Pad (x, p) }", { given: { p: [1, 0, 0, 2] } }],
    [
      "given axes counted from the end",
      "(double[2,3,2] x) => (y) <int64[4] p = {1, 0, 2, 1}, int64[2] a = {-1, -3}> { y = Pad (x, p, , a) }",
    ],
    [
      "axes of the run",
      "(double[2,3] x, double c, int64[2] p, int64[1] a) => (y) { y = Pad (x, p, c, a) }",
      { given: { p: [1, 2], a: [-1] } },
    ],
    ["edge", '(double[2,3] x) => (y) <int64[4] p = {1, 0, 2, 2}> { y = Pad <mode = "edge"> (x, p) }'],
    [
      "reflect along a given axis",
      '(double[2,4] x) => (y) <int64[2] p = {3, 2}, int64[1] a = {-1}> { y = Pad <mode = "reflect"> (x, p, , a) }',
    ],
    ["edge, cut on one side", '(double[3,4] x) => (y) <int64[4] p = {0, 2, 1, -1}> { y = Pad <mode = "edge"> (x, p) }'],
    ["reflect", '(double[3,4] x) => (y) <int64[4] p = {2, 0, 1, 3}> { y = Pad <mode = "reflect"> (x, p) }'],
    ["wrap", '(double[3,4] x) => (y) <int64[4] p = {1, 0, 1, 2}> { y = Pad <mode = "wrap"> (x, p) }'],
    [
      "edge with pads of the run",
      '(double[2,3] x, int64[4] p) => (y) { y = Pad <mode = "edge"> (x, p) }',
      { given: { p: [1, 0, 0, 2] } },
    ],
  ),
  ...casesOf("Assign", [
    "the new value of a buffer",
    `(double[3] x) => (y) <
      double[3] b = {1, 2, 3} # buffer
    > { y = lowbit.Assign (b, x) }`,
  ]),
  ...casesOf(
    "Dropout",
    [
      "training with a mask",
      "(double[4,5] x) => (y) <double r = {0.4}, bool t = {1}> { y, m = Dropout <seed = 3> (x, r, t) }",
    ],
    [
      "training without a mask output",
      "(double[4,5] x) => (y) <double r = {0.25}, bool t = {1}> { [drop] y = Dropout <seed = 3> (x, r, t) }",
    ],
    [
      "training, the default ratio",
      "(double[4,5] x) => (z) <bool t = {1}> { y = Dropout <seed = 3> (x, , t) z = Exp (y) }",
    ],
    [
      "ratio and mode of the run",
      "(double[4,5] x, float r, bool t) => (y) { y = Dropout <seed = 3> (x, r, t) }",
      { given: { r: [0.25], t: [1] } },
    ],
    [
      "mode of the run: inference",
      "(double[4,5] x, float r, bool t) => (y) { y = Dropout <seed = 3> (x, r, t) }",
      { given: { r: [0.25], t: [0] } },
    ],
    ["inference", "(double[4,5] x) => (y) { y = Dropout (x) }"],
  ),
  ...casesOf("Cast", ["to the same type", "(double[2,3] x) => (y) { y = Cast <to = 11> (x) }"]),
  ...casesOf("CastLike", ["to the same type", "(double[2,3] x) => (y) <double z = {1}> { y = CastLike (x, z) }"]),
];
