import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { eliminateDropout } from "./eliminate-dropout.ts";

test.each(["Dropout(a)", "Dropout(a, ratio)", "Dropout(a, ratio, off)"])("removes %s", (dropout) => {
  const text = `g (float[4] x) => (float[4] y) <float ratio = {0.5}, bool off = {0}> {
    a = Neg(x)
    y = ${dropout}
  }`;
  expect(checkPass(eliminateDropout, text)).toMatch(/\{\n {2}y = Neg \(x\)\n\}$/);
});

test.each([
  ["training mode", "y = Dropout(x, ratio, on)", "not at y: is in training mode"],
  ["a mode that callers choose", "y = Dropout(x, ratio, mode)", "not at y: is not known to be false (mode)"],
  ["a mask that is read", "y, m = Dropout(x, ratio)\n k = Not(m)", "not at y: is read (m)"],
])("keeps Dropout with %s", (_, node, reason) => {
  const text = `g (float[4] x, bool mode) => (float[4] y) <float ratio = {0.5}, bool on = {1}> { ${node} }`;
  expect(rejections(eliminateDropout, text)).toBe(`eliminate-dropout: ${reason}`);
});
