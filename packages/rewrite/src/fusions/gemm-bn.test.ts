import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseGemmBn } from "./gemm-bn.ts";

const bn = "<float[4] scale, float[4] bias, float[4] mean, float[4] var";

test("folds BatchNormalization into the MatMul before it, which becomes a Gemm", () => {
  const text = `g (float[N,3] x) => (float[N,4] z) ${bn}, float[3,4] w> {
    t = MatMul(x, w)
    y = BatchNormalization(t, scale, bias, mean, var)
    z = Relu(y)
  }`;
  expect(checkPass(fuseGemmBn, text)).toMatchInlineSnapshot(`
    "g (float[N,3] x) => (float[N,4] z)
    <float[3,4] w, float[4] w_bias = {-0.08940716, 0.037053596, -0.13486077, -0.15283129}> {
      y = Gemm (x, w, w_bias)
      z = Relu (y)
    }"
  `);
});

test.each([
  ["plain", "Gemm(x, w)", "float[3,4] w"],
  ["bias", "Gemm(x, w, b)", "float[3,4] w, float[4] b"],
  ["scalar bias", "Gemm(x, w, b)", "float[3,4] w, float b"],
  ["row bias", "Gemm(x, w, b)", "float[3,4] w, float[1,4] b"],
  [
    "transposed weight, alpha and beta",
    "Gemm<transB = 1, alpha = 2.0, beta = 3.0>(x, w, b)",
    "float[4,3] w, float[4] b",
  ],
])("outputs stay the same: %s", (_, gemm, weights) => {
  const text = `g (float[5,3] x) => (float[] y) ${bn}, ${weights}> {
    t = ${gemm}
    y = BatchNormalization(t, scale, bias, mean, var)
  }`;
  expect(checkPass(fuseGemmBn, text)).not.toMatch("BatchNormalization");
});

test.each([
  [
    "a result that is not a matrix",
    `g (float[2,4,3] x) => (float[] y) ${bn}, float[3,4] w> {
      t = MatMul(x, w)
      y = BatchNormalization(t, scale, bias, mean, var)
    }`,
    "fuse-gemm-bn: not at y: is not a matrix of [N, C] (t)",
  ],
  [
    "a bias that differs by row",
    `g (float[5,3] x) => (float[] y) ${bn}, float[3,4] w, float[5,1] b> {
      t = Gemm(x, w, b)
      y = BatchNormalization(t, scale, bias, mean, var)
    }`,
    "fuse-gemm-bn: not at y: bias is not one number per output channel (b)",
  ],
])("is left alone: %s", (_, text, reason) => {
  expect(rejections(fuseGemmBn, text)).toBe(reason);
});
