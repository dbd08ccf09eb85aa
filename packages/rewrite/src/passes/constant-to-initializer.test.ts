import { expect, test } from "vitest";
import { checkPass } from "../pass/check-pass.testing.ts";
import { constantToInitializer } from "./constant-to-initializer.ts";

test("turns Constant nodes of every form into initializers", () => {
  const text = `g (float[2] x) => (float[2] y, int64[2] z) {
    a = Constant<value = float[2] {1, 2}>()
    b = Constant<value_float = 3.0>()
    c = Constant<value_floats = [4.0, 5.0]>()
    d = Constant<value_ints = [6, 7]>()
    e = Constant<value_int = 8>()
    s = Sum(x, a, b, c)
    y = Neg(s)
    z = Add(d, e)
  }`;
  expect(checkPass(constantToInitializer, text)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y, int64[2] z)
    <float[2] a = {1, 2}, float b = {3}, float[2] c = {4, 5}, int64[2] d = {6, 7}, int64 e = {8}> {
      s = Sum (x, a, b, c)
      y = Neg (s)
      z = Add (d, e)
    }"
  `);
});

test("a constant that a graph returns keeps its name through an Identity", () => {
  expect(checkPass(constantToInitializer, "g () => (float[1] y) { y = Constant<value_floats = [1.0]>() }"))
    .toMatchInlineSnapshot(`
    "g () => (float[1] y)
    <float[1] y_1 = {1}> {
      y = Identity (y_1)
    }"
  `);
});

test("constants in bodies become initializers of the bodies", () => {
  const text = `g (bool c, float[1] x) => (float[1] y) {
    y = If(c) <
      then_branch = t () => (float[1] a) { k = Constant<value_floats = [1.0]>() a = Add(x, k) },
      else_branch = e () => (float[1] b) { b = Neg(x) }
    >
  }`;
  expect(checkPass(constantToInitializer, text)).toMatchInlineSnapshot(`
    "g (bool c, float[1] x) => (float[1] y) {
      y = If (c) <
        then_branch = t () => (float[1] a)
        <float[1] k = {1}> {
          a = Add (x, k)
        },
        else_branch = e () => (float[1] b) {
          b = Neg (x)
        }
      >
    }"
  `);
});
