import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { staticReshape } from "./static-reshape.ts";

test("a shape with one dynamic dimension becomes constant", () => {
  const text = `g (float[N,3,4] x) => (float[N,12] y) <int64 zero = {0}, int64[1] first = {0}, int64[1] rest = {12}> {
    s = Shape(x)
    n = Gather(s, zero)
    u = Unsqueeze(n, first)
    t = Concat<axis = 0>(u, rest)
    y = Reshape(x, t)
  }`;
  expect(checkPass(staticReshape, text, { symbols: { N: 5 } })).toMatchInlineSnapshot(`
    "g (float[N,3,4] x) => (float[N,12] y)
    <int64[2] y_shape = {0, 12}> {
      y = Reshape (x, y_shape)
    }"
  `);
});

test("dimensions that stay in their place are copied", () => {
  const text = `g (float[A,B,6] x) => (float[] y) <int64 zero = {0}, int64[2] two = {0, 1}, int64[2] rest = {2, 3}> {
    s = Shape(x)
    ab = Gather(s, two)
    t = Concat<axis = 0>(ab, rest)
    y = Reshape(x, t)
  }`;
  expect(checkPass(staticReshape, text, { symbols: { A: 2, B: 5 } })).toMatchInlineSnapshot(`
    "g (float[A,B,6] x) => (float[A,B,2,3] y)
    <int64 zero = {0}, int64[4] y_shape = {0, 0, 2, 3}> {
      y = Reshape (x, y_shape)
    }"
  `);
});

test("a shape about which too little is known is left alone", () => {
  const text = "g (float[A,B] x, int64[3] s) => (float[] y) { y = Reshape(x, s) }";
  expect(rejections(staticReshape, text)).toBe("static-reshape: not at y: too little is known about its shape (s)");
});
