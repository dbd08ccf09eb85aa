import type { OpName } from "@lowbit/ir";
import { casesOf, type GradientCase } from "./gradient-case.testing.ts";

const labels = { given: { t: [2, 0, 2, 1] } };
const dense = { given: { t: [2, 0, 1, 1, 0, 2] } };

/** A loss op over scores with every reduction, class weights and ignored labels. */
function loss(op: OpName): readonly GradientCase[] {
  return casesOf(
    op,
    ["mean", `(double[4,3] x, int64[4] t) => (y) { y = ${op} (x, t) }`, labels],
    ["sum", `(double[4,3] x, int64[4] t) => (y) { y = ${op} <reduction = "sum"> (x, t) }`, labels],
    ["none", `(double[4,3] x, int32[4] t) => (y) { y = ${op} <reduction = "none"> (x, t) }`, labels],
    ["mean, pixels", `(double[2,3,3] x, int64[2,3] t) => (y) { y = ${op} (x, t) }`, dense],
    ["mean, weights", `(double[4,3] x, int64[4] t) => (y) <double[3] w = {0.5, 1, 2}> { y = ${op} (x, t, w) }`, labels],
    [
      "sum, weights",
      `(double[2,3,3] x, int64[2,3] t) => (y) <double[3] w = {0.5, 1, 2}> { y = ${op} <reduction = "sum"> (x, t, w) }`,
      dense,
    ],
    ["mean, ignored", `(double[4,3] x, int64[4] t) => (y) { y = ${op} <ignore_index = 2> (x, t) }`, labels],
    [
      "none, weights, ignored outside the classes",
      `(double[4,3] x, int64[4] t) => (y) <double[3] w = {0.5, 1, 2}> { y = ${op} <ignore_index = -100, reduction = "none"> (x, t, w) }`,
      { given: { t: [2, -100, 2, 1] } },
    ],
    [
      "mean, weights, ignored",
      `(double[4,3] x, int32[4] t) => (y) <double[3] w = {0.5, 1, 2}> { y = ${op} <ignore_index = -1> (x, t, w) }`,
      { given: { t: [2, -1, 2, 1] } },
    ],
  );
}

/** Losses with integer labels. */
export const lossCases: readonly GradientCase[] = [
  ...loss("SoftmaxCrossEntropyLoss"),
  ...loss("NegativeLogLikelihoodLoss"),
  ...casesOf(
    "SoftmaxCrossEntropyLoss",
    [
      "loss and log probabilities",
      "(double[4,3] x, int64[4] t) => (y, p) { y, p = SoftmaxCrossEntropyLoss (x, t) }",
      labels,
    ],
    ["log probabilities only", "(double[4,3] x, int64[4] t) => (p) { y, p = SoftmaxCrossEntropyLoss (x, t) }", labels],
  ),
];
