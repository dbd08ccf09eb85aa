import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Ops that move elements. */
export const shapeCases: readonly GradientCase[] = [
  ...casesOf(
    "Reshape",
    ["to a constant shape", "(double[2,3,4] x) => (y) <int64[2] s = {6, -1}> { y = Reshape (x, s) }"],
    ["to a shape of the run", "(double[2,3,4] x, int64[2] s) => (y) { y = Reshape (x, s) }", { given: { s: [4, 6] } }],
  ),
  ...casesOf(
    "Flatten",
    ["axis 1", "(double[2,3,4] x) => (y) { y = Flatten (x) }"],
    ["axis -1", "(double[2,3,4] x) => (y) { y = Flatten <axis = -1> (x) }"],
  ),
  ...casesOf(
    "Squeeze",
    ["given axes", "(double[2,1,3,1] x) => (y) <int64[1] a = {-1}> { y = Squeeze (x, a) }"],
    ["all axes of 1", "(double[2,1,3,1] x) => (y) { y = Squeeze (x) }"],
  ),
  ...casesOf("Unsqueeze", ["two axes", "(double[2,3] x) => (y) <int64[2] a = {0, -1}> { y = Unsqueeze (x, a) }"]),
  ...casesOf(
    "Transpose",
    ["given order", "(double[2,3,4] x) => (y) { y = Transpose <perm = [1,2,0]> (x) }"],
    ["reversed", "(double[2,3,4] x) => (y) { y = Transpose (x) }"],
  ),
  ...casesOf(
    "Expand",
    ["constant shape", "(double[3,1] x) => (y) <int64[3] s = {2, 1, 4}> { y = Expand (x, s) }"],
    ["shape of the run", "(double[3,1] x, int64[3] s) => (y) { y = Expand (x, s) }", { given: { s: [2, 3, 4] } }],
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
    ["edge", '(double[2,3] x) => (y) <int64[4] p = {1, 0, 2, 2}> { y = Pad <mode = "edge"> (x, p) }'],
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
  ...casesOf(
    "Gather",
    [
      "rows, one of them twice",
      "(double[4,3] x, int64[3] i) => (y) { y = Gather (x, i) }",
      { given: { i: [2, 0, 2] } },
    ],
    [
      "an inner axis by a matrix",
      "(double[2,4,3] x, int64[2,2] i) => (y) { y = Gather <axis = 1> (x, i) }",
      { given: { i: [2, 0, -1, 2] } },
    ],
    [
      "the last axis by a list",
      "(double[2,4] x, int64[3] i) => (y) { y = Gather <axis = -1> (x, i) }",
      { given: { i: [3, 0, 3] } },
    ],
    [
      "a scalar index of the run",
      "(double[2,4,3] x, int64 i) => (y) { y = Gather <axis = 1> (x, i) }",
      { given: { i: [2] } },
    ],
    ["a constant scalar index", "(double[2,4,3] x) => (y) <int64 i = {0}> { y = Gather <axis = 1> (x, i) }"],
    ["a constant list of one", "(double[2,4,3] x) => (y) <int64[1] i = {-1}> { y = Gather <axis = 2> (x, i) }"],
  ),
  ...casesOf("GatherElements", [
    "an inner axis",
    "(double[2,3] x, int64[2,2] i) => (y) { y = GatherElements <axis = 1> (x, i) }",
    { given: { i: [0, 2, 1, 1] } },
  ]),
  ...casesOf("GatherND", [
    "rows",
    "(double[2,3,2] x, int64[3,2] i) => (y) { y = GatherND (x, i) }",
    { given: { i: [0, 2, 1, 1, 0, 2] } },
  ]),
  ...casesOf(
    "ScatterElements",
    [
      "replacing",
      "(double[2,3] x, int64[2,2] i, double[2,2] u) => (y) { y = ScatterElements <axis = 1> (x, i, u) }",
      { given: { i: [0, 2, 1, 0] } },
    ],
    [
      "adding",
      '(double[2,3] x, int64[2,2] i, double[2,2] u) => (y) { y = ScatterElements <axis = 1, reduction = "add"> (x, i, u) }',
      { given: { i: [0, 0, 1, 2] } },
    ],
  ),
  ...casesOf(
    "ScatterND",
    [
      "replacing",
      "(double[4,2] x, int64[2,1] i, double[2,2] u) => (y) { y = ScatterND (x, i, u) }",
      { given: { i: [3, 1] } },
    ],
    [
      "adding",
      '(double[4,2] x, int64[2,1] i, double[2,2] u) => (y) { y = ScatterND <reduction = "add"> (x, i, u) }',
      { given: { i: [1, 1] } },
    ],
  ),
  ...casesOf(
    "TopK",
    ["largest", "(double[2,5] x) => (y, i) <int64[1] k = {2}> { y, i = TopK (x, k) }"],
    [
      "smallest along the first axis",
      "(double[4,3] x) => (y, i) <int64[1] k = {2}> { y, i = TopK <axis = 0, largest = 0> (x, k) }",
    ],
  ),
  ...casesOf(
    "Compress",
    ["an axis", "(double[2,4] x, bool[4] c) => (y) { y = Compress <axis = 1> (x, c) }", { given: { c: [1, 0, 1, 0] } }],
    ["all elements", "(double[2,3] x, bool[6] c) => (y) { y = Compress (x, c) }", { given: { c: [0, 1, 1, 0, 0, 1] } }],
  ),
  ...casesOf(
    "CumSum",
    ["plain", "(double[2,4] x) => (y) <int64 a = {1}> { y = CumSum (x, a) }"],
    [
      "exclusive and reversed",
      "(double[2,4] x) => (y) <int64 a = {-1}> { y = CumSum <exclusive = 1, reverse = 1> (x, a) }",
    ],
  ),
  ...casesOf("ReverseSequence", [
    "time first",
    "(double[4,3] x, int64[3] l) => (y) { y = ReverseSequence (x, l) }",
    { given: { l: [2, 4, 1] } },
  ]),
  ...casesOf(
    "Trilu",
    ["upper", "(double[3,4] x) => (y) { y = Trilu (x) }"],
    ["lower with a shift", "(double[2,3,4] x) => (y) <int64 k = {1}> { y = Trilu <upper = 0> (x, k) }"],
  ),
];
