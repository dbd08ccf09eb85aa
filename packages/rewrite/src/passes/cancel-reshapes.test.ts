import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { cancelReshapes } from "./cancel-reshapes.ts";

const shapes = "int64[2] s1 = {6, 4}, int64[2] s2 = {0, -1}, int64[1] one = {1}";

test.each([
  ["Reshape twice", "a = Reshape(x, s1) b = Reshape(a, s3)", "Relu (x)"],
  ["Unsqueeze and Squeeze", "a = Unsqueeze(x, one) b = Squeeze(a, one)", "Relu (x)"],
])("%s back to the first shape disappear", (_, nodes, rest) => {
  const text = `g (float[2,3,4] x) => (float[] y) <${shapes}, int64[3] s3 = {2, 3, 4}> { ${nodes} y = Relu(b) }`;
  expect(checkPass(cancelReshapes, text)).toMatch(rest);
});

test("a row of reshaping nodes becomes one Reshape", () => {
  const text = `g (float[N,3,4] x) => (float[] y) <${shapes}> {
    a = Unsqueeze(x, one)
    b = Flatten(a)
    c = Reshape(b, s2)
    y = Relu(c)
  }`;
  expect(checkPass(cancelReshapes, text)).toMatchInlineSnapshot(`
    "g (float[N,3,4] x) => (float[] y)
    <int64[2] s1 = {6, 4}, int64[2] c_shape = {0, 12}> {
      c = Reshape (x, c_shape)
      y = Relu (c)
    }"
  `);
});

test("several unknown dimensions are left alone", () => {
  const text = "g (float[A,B] x, int64[3] s, int64[3] t) => (float[P,Q,R] y) { a = Reshape(x, s) y = Reshape(a, t) }";
  expect(rejections(cancelReshapes, text)).toMatch("not at y: has several dimensions that are not known");
});
