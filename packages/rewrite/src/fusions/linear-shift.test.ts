import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseLinearShift } from "./linear-shift.ts";

test("an addition by channel moves into the bias before it", () => {
  const text = `g (float[1,1,4] x) => (float[1,2,4] y) <float[2,1,1] w = {1, 2}, float[2] b = {3, 4}, float[2,1] c = {10, 100}> {
    t = Conv(x, w, b)
    y = Sub(t, c)
  }`;
  expect(checkPass(fuseLinearShift, text)).toMatchInlineSnapshot(`
    "g (float[1,1,4] x) => (float[1,2,4] y)
    <float[2,1,1] w = {1, 2}, float[2] b = {-7, -96}> {
      y = Conv (x, w, b)
    }"
  `);
});

test.each([
  ["a Conv without bias", "float[1,3,8,8] x", "Conv(x, w)", "float[4,3,3,3] w, float[4,1,1] c"],
  ["ConvTranspose", "float[1,3,8,8] x", "ConvTranspose(x, w)", "float[3,4,3,3] w, float c"],
  ["Gemm", "float[5,3] x", "Gemm<alpha = 2.0, beta = 3.0>(x, w, b)", "float[3,4] w, float[4] b, float[4] c"],
])("outputs stay the same: %s", (_, input, linear, constants) => {
  const text = `g (${input}) => (float[] y) <${constants}> { t = ${linear} y = Add(t, c) }`;
  expect(checkPass(fuseLinearShift, text)).not.toMatch("Add (");
});

test("an addition that differs by place is left alone", () => {
  const text = `g (float[1,3,8,8] x) => (float[] y) <float[4,3,3,3] w, float[1,1,6,6] c> { t = Conv(x, w) y = Add(t, c) }`;
  expect(rejections(fuseLinearShift, text)).toBe(
    "fuse-linear-shift: not at y: is not one number per output channel (c)",
  );
});

test("the addition of another branch is left alone", () => {
  const text = `g (float[1,3,8,8] x, float[1,4,6,6] r) => (float[] y) <float[4,3,3,3] w> { t = Conv(x, w) y = Add(t, r) }`;
  expect(rejections(fuseLinearShift, text)).toBe("fuse-linear-shift: not at y: is a graph input, not constant (r)");
});
