import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { cancelTransposes } from "./cancel-transposes.ts";

test("transposes that undo each other disappear", () => {
  const text = `g (float[1,2,3,4] x) => (float[1,2,3,4] y) {
    a = Transpose<perm = [0, 2, 3, 1]>(x)
    b = Transpose<perm = [0, 3, 1, 2]>(a)
    y = Relu(b)
  }`;
  expect(checkPass(cancelTransposes, text)).toMatchInlineSnapshot(`
    "g (float[1,2,3,4] x) => (float[1,2,3,4] y) {
      y = Relu (x)
    }"
  `);
});

test("others become one, and a first one that others read stays", () => {
  const text = `g (float[2,3,4] x) => (float[] y, float[] z) {
    a = Transpose<perm = [1, 0, 2]>(x)
    y = Transpose(a)
    z = Relu(a)
  }`;
  expect(checkPass(cancelTransposes, text)).toMatchInlineSnapshot(`
    "g (float[2,3,4] x) => (float[4,2,3] y, float[] z) {
      a = Transpose <perm = [1, 0, 2]> (x)
      y = Transpose <perm = [2, 0, 1]> (x)
      z = Relu (a)
    }"
  `);
});

test("without a rank nothing is known about the default permutation", () => {
  const text = "g (float[] x) => (float[] y) { a = Transpose(x) y = Transpose(a) }";
  expect(rejections(cancelTransposes, text)).toMatchInlineSnapshot(`
    "cancel-transposes: not at a: is a graph input, not the result of Transpose (x)
    cancel-transposes: not at y: has an unknown rank (x)"
  `);
});
