import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

const batch = { range: [0.5, 2] } as const;

/** Normalizations. */
export const normalizationCases: readonly GradientCase[] = [
  ...casesOf(
    "BatchNormalization",
    [
      "training, 2-D",
      `(double[4,3,2,2] x, double[3] g, double[3] b) => (y) <double[3] m = {0, 0, 0}, double[3] v = {1, 1, 1}>
      { y, rm, rv = BatchNormalization <training_mode = 1> (x, g, b, m, v) }`,
    ],
    [
      "training, no spatial axes, other epsilon and momentum",
      `(double[5,3] x, double[3] g, double[3] b) => (y) <double[3] m = {0, 0, 0}, double[3] v = {1, 1, 1}>
      { y, rm, rv = BatchNormalization <training_mode = 1, epsilon = 0.1, momentum = 0.5> (x, g, b, m, v) }`,
    ],
    [
      "training, 1-D",
      `(double[3,2,4] x, double[2] g, double[2] b) => (y) <double[2] m = {0, 0}, double[2] v = {1, 1}>
      { y, rm, rv = BatchNormalization <training_mode = 1> (x, g, b, m, v) }`,
    ],
    [
      "training, 3-D",
      `(double[2,2,2,3,2] x, double[2] g, double[2] b) => (y) <double[2] m = {0, 0}, double[2] v = {1, 1}>
      { y, rm, rv = BatchNormalization <training_mode = 1> (x, g, b, m, v) }`,
    ],
    [
      "stored statistics, no spatial axes, other epsilon",
      `(double[4,3] x, double[3] g, double[3] b, double[3] m, double[3] v) => (y)
      { y = BatchNormalization <epsilon = 0.2> (x, g, b, m, v) }`,
      batch,
    ],
    [
      "stored statistics",
      "(double[2,3,4] x, double[3] g, double[3] b, double[3] m, double[3] v) => (y) { y = BatchNormalization (x, g, b, m, v) }",
      batch,
    ],
    [
      "stored constant statistics, 3-D",
      `(double[2,2,2,3,2] x, double[2] g, double[2] b) => (y) <double[2] m = {0.5, -1}, double[2] v = {2, 0.3}>
      { y = BatchNormalization (x, g, b, m, v) }`,
    ],
  ),
  ...casesOf(
    "LayerNormalization",
    ["last axis", "(double[2,3,5] x, double[5] g, double[5] b) => (y) { y = LayerNormalization (x, g, b) }"],
    ["two axes without bias", "(double[2,3,5] x, double[3,5] g) => (y) { y = LayerNormalization <axis = 1> (x, g) }"],
    [
      "other epsilon, statistics that nobody reads, their type",
      `(double[4,5] x, double[5] g, double[5] b) => (y)
      { y, mean, inv = LayerNormalization <epsilon = 0.3, stash_type = 11> (x, g, b) }`,
      { notOnRuntime: "it has no LayerNormalization whose statistics are of another type" },
    ],
    [
      "a scale that is broadcast",
      "(double[2,3,5] x, double[1,5] g, double[5] b) => (y) { y = LayerNormalization <axis = -2> (x, g, b) }",
    ],
  ),
  ...casesOf(
    "RMSNormalization",
    ["last axis", "(double[2,3,5] x, double[5] g) => (y) { y = RMSNormalization (x, g) }", { opset: 23 }],
    ["two axes", "(double[2,3,5] x, double[3,5] g) => (y) { y = RMSNormalization <axis = 1> (x, g) }", { opset: 23 }],
    [
      "other epsilon, the type of its statistics",
      "(double[2,5] x, double[5] g) => (y) { y = RMSNormalization <epsilon = 0.2, stash_type = 11> (x, g) }",
      { opset: 23 },
    ],
  ),
  ...casesOf(
    "InstanceNormalization",
    ["2-D", "(double[2,3,4,2] x, double[3] g, double[3] b) => (y) { y = InstanceNormalization (x, g, b) }"],
    ["1-D", "(double[2,3,6] x, double[3] g, double[3] b) => (y) { y = InstanceNormalization (x, g, b) }"],
    [
      "3-D, other epsilon",
      "(double[2,2,2,3,2] x, double[2] g, double[2] b) => (y) { y = InstanceNormalization <epsilon = 0.1> (x, g, b) }",
    ],
  ),
  ...casesOf(
    "GroupNormalization",
    [
      "2-D",
      "(double[2,4,3,2] x, double[4] g, double[4] b) => (y) { y = GroupNormalization <num_groups = 2> (x, g, b) }",
    ],
    ["1-D", "(double[2,6,3] x, double[6] g, double[6] b) => (y) { y = GroupNormalization <num_groups = 3> (x, g, b) }"],
    [
      "one group, other epsilon, the type of its statistics",
      `(double[2,2,2,2,2] x, double[2] g, double[2] b) => (y)
      { y = GroupNormalization <num_groups = 1, epsilon = 0.1, stash_type = 11> (x, g, b) }`,
    ],
  ),
  ...casesOf(
    "LpNormalization",
    ["p = 2", "(double[2,3,4] x) => (y) { y = LpNormalization (x) }"],
    ["p = 1 along the first axis", "(double[2,3] x) => (y) { y = LpNormalization <p = 1, axis = 0> (x) }"],
  ),
  ...casesOf(
    "MeanVarianceNormalization",
    ["over the batch", "(double[2,3,4,2] x) => (y) { y = MeanVarianceNormalization (x) }"],
    ["one axis", "(double[2,3,4] x) => (y) { y = MeanVarianceNormalization <axes = [2]> (x) }"],
  ),
];
