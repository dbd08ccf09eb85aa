import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseLinearScale } from "./linear-scale.ts";

test("a multiplication by channel moves into the weight and bias before it", () => {
  const text = `g (float[1,1,4] x) => (float[1,2,4] y) <float[2,1,1] w = {1, 2}, float[2] b = {3, 4}, float[1,2,1] c = {10, 100}> {
    t = Conv(x, w, b)
    y = Mul(c, t)
  }`;
  expect(checkPass(fuseLinearScale, text)).toMatchInlineSnapshot(`
    "g (float[1,1,4] x) => (float[1,2,4] y)
    <float[2,1,1] w = {10, 200}, float[2] b = {30, 400}> {
      y = Conv (x, w, b)
    }"
  `);
});

test.each([
  ["Div", "Conv(x, w)", "Div(t, c)", "float[4,3,3,3] w, float[4,1,1] c"],
  ["a number", "Conv(x, w)", "Mul(t, c)", "float[4,3,3,3] w, float c"],
  ["ConvTranspose", "ConvTranspose(x, w)", "Mul(t, c)", "float[3,4,3,3] w, float[1,4,1,1] c"],
])("outputs stay the same: %s", (_, linear, scaling, constants) => {
  const text = `g (float[1,3,8,8] x) => (float[] y) <${constants.replace(/\bc$/, "c_scale")}> {
    t = ${linear}
    y = ${scaling.replace("c)", "c_scale)")}
  }`;
  expect(checkPass(fuseLinearScale, text)).not.toMatch(/(Mul|Div) \(/);
});

test.each([
  ["Gemm", "Gemm<transB = 1, beta = 0.5>(x, w, b)", "float[4,3] w, float[4] b, float[4] c"],
  ["MatMul", "MatMul(x, w)", "float[3,4] w, float[1,4] c"],
])("outputs of matrix products stay the same: %s", (_, linear, constants) => {
  const text = `g (float[5,3] x) => (float[] y) <${constants}> { t = ${linear} y = Mul(t, c) }`;
  expect(checkPass(fuseLinearScale, text)).not.toMatch(/\bMul \(/);
});

test.each([
  ["float[1,1,6,1] c", "is not one number per output channel (c)"],
  ["float[1,1,1,1,1] c", "is not one number per output channel (c)"],
  ["float[2,1,1,1] c", "is not one number per output channel (c)"],
])("is left alone: %s", (constant, reason) => {
  const text = `g (float[1,3,8,8] x) => (float[] y) <float[4,3,3,3] w, ${constant}> { t = Conv(x, w) y = Mul(t, c) }`;
  expect(rejections(fuseLinearScale, text)).toBe(`fuse-linear-scale: not at y: ${reason}`);
});

test("a division by zero is left alone", () => {
  const text = "g (float[5,3] x) => (float[5,4] y) <float[3,4] w, float c = {0}> { t = MatMul(x, w) y = Div(t, c) }";
  expect(rejections(fuseLinearScale, text)).toBe("fuse-linear-scale: not at y: divides by 0 (c)");
});
