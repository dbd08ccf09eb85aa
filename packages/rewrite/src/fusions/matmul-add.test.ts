import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseMatMulAdd } from "./matmul-add.ts";

test("MatMul and Add of a bias become Gemm, with trained weights too", () => {
  const text = `g (float[N,3] x) => (float[N,4] y) <
    float[3,4] w # parameter
    , float[4] b # parameter
  > {
    t = MatMul(x, w)
    y = Add(b, t)
  }`;
  expect(checkPass(fuseMatMulAdd, text, { symbols: { N: 5 } })).toMatchInlineSnapshot(`
    "g (float[N,3] x) => (float[N,4] y)
    <
      float[3,4] w,  # parameter
      float[4] b = {0.04744137, -0.011361288, -0.18163763, 0.04799285}  # parameter
    > {
      y = Gemm (x, w, b)
    }"
  `);
});

test.each(["float b", "float[1,4] b", "float[5,1] b", "float[5,4] b"])("a bias %s is broadcast as before", (bias) => {
  const text = `g (float[5,3] x, float[3,4] w) => (float[5,4] y) <${bias}> { t = MatMul(x, w) y = Add(t, b) }`;
  expect(checkPass(fuseMatMulAdd, text)).toMatch("Gemm (x, w, b)");
});

test.each([
  ["float[2,5,3] x", "float[4] b", "does not multiply two matrices (t)"],
  ["float[1,3] x", "float[5,4] b", "widens the product (b)"],
  ["float[5,3] x", "float[1,1,4] b", "widens the product (b)"],
])("is left alone: %s, %s", (x, b, reason) => {
  const text = `g (${x}) => (float[] y) <float[3,4] w, ${b}> { t = MatMul(x, w) y = Add(t, b) }`;
  expect(rejections(fuseMatMulAdd, text)).toBe(`fuse-matmul-add: not at y: ${reason}`);
});

test("what is added must not be computed", () => {
  const text = "g (float[5,3] x, float[5,4] r) => (float[5,4] y) <float[3,4] w> { t = MatMul(x, w) y = Add(t, r) }";
  expect(rejections(fuseMatMulAdd, text)).toBe("fuse-matmul-add: not at y: is not an initializer (r)");
});
