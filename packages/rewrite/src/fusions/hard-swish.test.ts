import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeHardSwish } from "./hard-swish.ts";

const constants = "float zero = {0}, float three = {3}, float six = {6}, float sixth = {0.16666667}";
const clip = "a = Add(x, three) b = Clip(a, zero, six)";

test.each([
  ["a product with HardSigmoid", "b = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x) y = Mul(x, b)"],
  ["a division at the end", `${clip} c = Mul(x, b) y = Div(c, six)`],
  ["a multiplication by a sixth at the end", `${clip} c = Mul(b, x) y = Mul(c, sixth)`],
  ["a division of the gate", `${clip} c = Div(b, six) y = Mul(x, c)`],
  ["a division of the operand", `${clip} c = Div(x, six) y = Mul(c, b)`],
])("%s is HardSwish", (_, nodes) => {
  const text = `g (float[2,3] x) => (float[2,3] y) <${constants}> { ${nodes} }`;
  expect(checkPass(recomposeHardSwish, text)).toMatch(/\{\n {2}y = HardSwish \(x\)\n\}$/);
});

test("a gate of another value is left alone", () => {
  const text = `g (float[2,3] x, float[2,3] z) => (float[2,3] y) <${constants}> { ${clip} c = Mul(z, b) y = Div(c, six) }`;
  expect(rejections(recomposeHardSwish, text)).toMatch(`not at y: differs from the other "x" (x)`);
});
