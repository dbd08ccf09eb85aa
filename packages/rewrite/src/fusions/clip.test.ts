import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeClip } from "./clip.ts";

const constants = "float zero = {0}, float[1,1] low = {-0.4}, float six = {6}, float[3] many = {1, 2, 3}";

test.each([
  ["Max with a number is Clip from below", "y = Max(x, low)", "y = Clip (x, bound)", "bound = {-0.4}"],
  ["the number may come first", "y = Max(low, x)", "y = Clip (x, bound)", "bound = {-0.4}"],
  ["Min with a number is Clip from above", "y = Min(x, six)", 'y = Clip (x, "", bound)', "bound = {6}"],
  ["Max with 0 is Relu", "y = Max(x, zero)", "y = Relu (x)", "g (float[2,3] x)"],
])("%s", (_, nodes, node, data) => {
  const text = checkPass(recomposeClip, `g (float[2,3] x) => (float[2,3] y) <${constants}> { ${nodes} }`);
  expect(text.split("\n").at(-2)!.trim()).toBe(node);
  expect(text).toContain(data);
});

test.each([
  ["bounds that differ", "float[2,3]", "y = Max(x, many)", "is not one number (many)"],
  ["a bound that widens", "float[3]", "y = Max(x, low)", "has another type than its operand"],
])("is left alone: %s", (_, type, nodes, reason) => {
  const text = `g (${type} x) => (float[] y) <${constants}> { ${nodes} }`;
  expect(rejections(recomposeClip, text, "recompose-clip")).toBe(`recompose-clip: not at y: ${reason}`);
});

test("integers are left alone", () => {
  const text = "g (int64[3] x) => (int64[3] y) <int64 one = {1}> { y = Max(x, one) }";
  expect(rejections(recomposeClip, text, "recompose-clip")).toBe("recompose-clip: not at y: is no float (x)");
});
