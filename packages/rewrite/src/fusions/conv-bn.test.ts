import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseConvBn } from "./conv-bn.ts";

const bn = "<float[4] scale, float[4] bias, float[4] mean, float[4] var";

test("folds BatchNormalization into the Conv before it", () => {
  const text = `g (float[1,3,8,8] x) => (float[1,4,6,6] z) ${bn}, float[4,3,3,3] w> {
    t = Conv(x, w)
    y = BatchNormalization(t, scale, bias, mean, var)
    z = Relu(y)
  }`;
  expect(checkPass(fuseConvBn, text)).toMatchInlineSnapshot(`
    "g (float[1,3,8,8] x) => (float[1,4,6,6] z)
    <float[4,3,3,3] w, float[4] w_bias = {-0.08940716, 0.037053596, -0.13486077, -0.15283129}> {
      y = Conv (x, w, w_bias)
      z = Relu (y)
    }"
  `);
});

test.each([
  ["with a bias", "<epsilon = 0.5>", "Conv(x, w, b)", "float[4,3,3,3] w, float[4] b"],
  ["grouped", "<epsilon = 0.5>", "Conv<group = 2>(x, w)", "float[4,2,3,3] w"],
  ["depthwise with strides", "", "Conv<group = 4, strides = [2,2], pads = [1,1,1,1]>(x, w)", "float[4,1,3,3] w"],
  ["of rank 1", "", "Conv(x, w)", "float[4,4,3] w"],
])("outputs stay the same: %s", (_, epsilon, conv, weights) => {
  const channels = conv.includes("group") ? 4 : weights.includes("4,4,3") ? 4 : 3;
  const spatial = weights.includes("4,4,3") ? "8" : "8,8";
  const text = `g (float[N,${channels},${spatial}] x) => (float[] y) ${bn}, ${weights}> {
    t = ${conv}
    y = BatchNormalization${epsilon}(t, scale, bias, mean, var)
  }`;
  expect(checkPass(fuseConvBn, text)).not.toMatch("BatchNormalization");
});

test.each([
  [
    "weight is shared",
    `g (float[1,4,8,8] x) => (float[] y, float[] u) ${bn}, float[4,4,3,3] w> {
      t = Conv(x, w)
      y = BatchNormalization(t, scale, bias, mean, var)
      u = Conv(x, w)
    }`,
    "fuse-conv-bn: not at y: weight is shared with another node (w)",
  ],
  [
    "the result of the Conv is read elsewhere",
    `g (float[1,4,8,8] x) => (float[] y, float[] u) ${bn}, float[4,4,3,3] w> {
      t = Conv(x, w)
      y = BatchNormalization(t, scale, bias, mean, var)
      u = Relu(t)
    }`,
    "fuse-conv-bn: not at y: is also read by u (t)",
  ],
  [
    "the weight is computed",
    `g (float[1,4,8,8] x, float[4,4,3,3] v) => (float[] y) ${bn}> {
      w = Neg(v)
      t = Conv(x, w)
      y = BatchNormalization(t, scale, bias, mean, var)
    }`,
    "fuse-conv-bn: not at y: is computed by Neg, not constant (w)",
  ],
  [
    "training mode",
    `g (float[1,4,8,8] x) => (float[] y) ${bn}, float[4,4,3,3] w> {
      t = Conv(x, w)
      y, m, v = BatchNormalization<training_mode = 1>(t, scale, bias, mean, var)
    }`,
    "fuse-conv-bn: not at y: is in training mode",
  ],
  [
    "trained weights",
    `g (float[1,4,8,8] x) => (float[] y) ${bn}, float[4,4,3,3] w # parameter
    > {
      t = Conv(x, w)
      y = BatchNormalization(t, scale, bias, mean, var)
    }`,
    "fuse-conv-bn: not at y: is a parameter, not constant (w)",
  ],
  [
    "no Conv",
    `g (float[1,4,8,8] x) => (float[] y) ${bn}> {
      t = Relu(x)
      y = BatchNormalization(t, scale, bias, mean, var)
    }`,
    "fuse-conv-bn: not at y: is the result of Relu, not of Conv (t)",
  ],
  [
    "negative variance",
    `g (float[1,4,8,8] x) => (float[] y) <float[4] c, float[4] minus = {-1, -1, -1, -1}, float[4,4,3,3] w> {
      t = Conv(x, w)
      y = BatchNormalization(t, c, c, c, minus)
    }`,
    "fuse-conv-bn: not at y: variance plus epsilon is not positive",
  ],
])("is left alone: %s", (_, text, reason) => {
  expect(rejections(fuseConvBn, text)).toBe(reason);
});
