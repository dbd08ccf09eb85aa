import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseConvTransposeBn } from "./conv-transpose-bn.ts";

const bn = "<float[4] scale, float[4] bias, float[4] mean, float[4] var";

test("folds BatchNormalization into the ConvTranspose before it", () => {
  const text = `g (float[1,3,4,4] x) => (float[1,4,6,6] z) ${bn}, float[3,4,3,3] w, float[4] b> {
    t = ConvTranspose(x, w, b)
    y = BatchNormalization(t, scale, bias, mean, var)
    z = Relu(y)
  }`;
  expect(checkPass(fuseConvTransposeBn, text)).toMatchInlineSnapshot(`
    "g (float[1,3,4,4] x) => (float[1,4,6,6] z)
    <float[3,4,3,3] w, float[4] b = {-0.043431386, 0.027621152, -0.31845286, -0.118088126}> {
      y = ConvTranspose (x, w, b)
      z = Relu (y)
    }"
  `);
});

test("the output channels of grouped weights are found", () => {
  const text = `g (float[1,6,4,4] x) => (float[] y) ${bn}, float[6,2,3,3] w> {
    t = ConvTranspose<group = 2, strides = [2,2]>(x, w)
    y = BatchNormalization(t, scale, bias, mean, var)
  }`;
  expect(checkPass(fuseConvTransposeBn, text)).not.toMatch("BatchNormalization");
});

test("a shared weight is left alone", () => {
  const text = `g (float[1,4,4,4] x) => (float[] y, float[] u) ${bn}, float[4,4,3,3] w> {
    t = ConvTranspose(x, w)
    y = BatchNormalization(t, scale, bias, mean, var)
    u = ConvTranspose(x, w)
  }`;
  expect(rejections(fuseConvTransposeBn, text)).toBe(
    "fuse-conv-transpose-bn: not at y: weight is shared with another node (w)",
  );
});
