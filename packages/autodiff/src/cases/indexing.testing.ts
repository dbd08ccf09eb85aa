import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

/** Ops that read, write or order elements by index. */
export const indexingCases: readonly GradientCase[] = [
  ...casesOf(
    "Gather",
    [
      "rows, one of them twice",
      "(double[4,3] x, int64[3] i) => (y) { y = Gather (x, i) }",
      { given: { i: [2, 0, 2] } },
    ],
    [
      "rows by 32-bit indices, some from the end",
      "(double[4,3] x, int32[2,2] i) => (y) { y = Gather (x, i) }",
      { given: { i: [-1, 0, 3, -2] } },
    ],
    [
      "the last axis by a 32-bit matrix",
      "(double[2,4] x, int32[2,2] i) => (y) { y = Gather <axis = -1> (x, i) }",
      { given: { i: [3, 0, -1, 3] } },
    ],
    ["a vector by a scalar of the run", "(double[4] x, int64 i) => (y) { y = Gather (x, i) }", { given: { i: [-2] } }],
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
  ...casesOf(
    "GatherElements",
    [
      "an inner axis",
      "(double[2,3] x, int64[2,2] i) => (y) { y = GatherElements <axis = 1> (x, i) }",
      { given: { i: [0, 2, 1, 1] } },
    ],
    [
      "the last axis by 32-bit indices from the end",
      "(double[2,3] x, int32[2,2] i) => (y) { y = GatherElements <axis = -1> (x, i) }",
      { given: { i: [-1, 2, 1, -2] } },
    ],
  ),
  ...casesOf(
    "GatherND",
    [
      "elements",
      "(double[2,3,2] x, int64[3,2] i) => (y) { y = GatherND (x, i) }",
      { given: { i: [0, 2, 1, 1, 0, 2] } },
    ],
    ["rows from the end", "(double[3,2] x, int64[2,1] i) => (y) { y = GatherND (x, i) }", { given: { i: [-1, 0] } }],
  ),
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
    [
      "replacing rows by 32-bit indices from the end",
      "(double[3,2] x, int32[2,2] i, double[2,2] u) => (y) { y = ScatterElements <axis = -2> (x, i, u) }",
      { given: { i: [-1, 0, 1, -1] } },
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
    [
      "replacing elements from the end",
      "(double[2,3] x, int64[2,2] i, double[2] u) => (y) { y = ScatterND (x, i, u) }",
      { given: { i: [-1, 0, 0, -1] } },
    ],
  ),
  ...casesOf(
    "TopK",
    ["largest", "(double[2,5] x) => (y, i) <int64[1] k = {2}> { y, i = TopK (x, k) }"],
    [
      "in any order",
      "(double[2,5] x) => (y, i) <int64[1] k = {3}> { y, i = TopK <sorted = 0> (x, k) }",
      { notOnRuntime: "it has an order of its own" },
    ],
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
  ...casesOf(
    "ReverseSequence",
    ["time first", "(double[4,3] x, int64[3] l) => (y) { y = ReverseSequence (x, l) }", { given: { l: [2, 4, 1] } }],
    [
      "batch first",
      "(double[3,4,2] x, int64[3] l) => (y) { y = ReverseSequence <batch_axis = 0, time_axis = 1> (x, l) }",
      { given: { l: [2, 4, 1] } },
    ],
  ),
  ...casesOf(
    "Trilu",
    ["upper", "(double[3,4] x) => (y) { y = Trilu (x) }"],
    ["lower with a shift", "(double[2,3,4] x) => (y) <int64 k = {1}> { y = Trilu <upper = 0> (x, k) }"],
  ),
];
