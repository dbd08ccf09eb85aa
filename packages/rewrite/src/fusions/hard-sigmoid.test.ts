import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeHardSigmoid } from "./hard-sigmoid.ts";

const constants =
  "float zero = {0}, float one = {1}, float three = {3}, float six = {6}, float sixth = {0.16666667}, float fifth = {0.2}, float half = {0.5}";

test("Clip(x + 3, 0, 6) / 6 is HardSigmoid", () => {
  const text = `g (float[2,3] x) => (float[2,3] y) <${constants}> {
    a = Add(x, three)
    b = Clip(a, zero, six)
    y = Div(b, six)
  }`;
  expect(checkPass(recomposeHardSigmoid, text).split("\n").slice(-2).join("\n")).toMatchInlineSnapshot(`
    "  y = HardSigmoid <alpha = 0.16666667, beta = 0.5> (x)
    }"
  `);
});

test.each([
  ["a multiplication by a sixth", "a = Add(three, x) b = Clip(a, zero, six) y = Mul(b, sixth)"],
  ["a clipped line", "a = Mul(x, fifth) b = Add(a, half) y = Clip(b, zero, one)"],
])("%s is HardSigmoid too", (_, nodes) => {
  expect(checkPass(recomposeHardSigmoid, `g (float[2,3] x) => (float[2,3] y) <${constants}> { ${nodes} }`)).toMatch(
    "HardSigmoid",
  );
});

test.each([
  ["another bound", "a = Add(x, three) b = Clip(a, zero, three) y = Div(b, six)", "is 3 instead of 6 (three)"],
  ["another divisor", "a = Add(x, three) b = Clip(a, zero, six) y = Div(b, three)", "is 3 instead of 6 (three)"],
  [
    "a constant that widens",
    "a = Add(x, wide) b = Clip(a, zero, six) y = Div(b, six)",
    "has another type than its operand",
  ],
])("is left alone: %s", (_, nodes, reason) => {
  const text = `g (float[2,3] x) => (float[] y) <${constants}, float[1,1,1] wide = {3}> { ${nodes} }`;
  expect(rejections(recomposeHardSigmoid, text, "recompose-hard-sigmoid")).toBe(
    `recompose-hard-sigmoid: not at y: ${reason}`,
  );
});
