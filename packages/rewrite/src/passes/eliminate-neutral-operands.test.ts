import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { eliminateNeutralOperands } from "./eliminate-neutral-operands.ts";

test.each(["Add(a, zero)", "Add(zero, a)", "Sub(a, zero)", "Mul(a, ones)", "Div(a, one)", "Pow(a, one)"])(
  "removes %s",
  (node) => {
    const text = `g (float[2,3,4] x) => (float[2,3,4] y) <float zero = {0}, float one = {1}, float[1,1,4] ones = {1, 1, 1, 1}> {
    a = Neg(x)
    t = ${node}
    y = Neg(t)
  }`;
    expect(checkPass(eliminateNeutralOperands, text)).toMatch(/\{\n {2}a = Neg \(x\)\n {2}y = Neg \(a\)\n\}$/);
  },
);

test.each([
  ["Add(x, one)", "its constant operand is not 0"],
  ["Sub(zero, x)", "is a graph input, not constant (x)"],
  ["Mul(x, wide)", "its constant operand widens the shape"],
])("keeps %s", (node, reason) => {
  const text = `g (float[2,3,4] x) => (int64 y) <float zero = {0}, float one = {1}, float[1,1,1,1] wide = {1}> {
    t = ${node}
    y = Size(t)
  }`;
  expect(rejections(eliminateNeutralOperands, text)).toBe(`eliminate-neutral-operands: not at t: ${reason}`);
});
