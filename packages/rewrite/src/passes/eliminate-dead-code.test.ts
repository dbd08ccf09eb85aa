import { expect, test } from "vitest";
import { checkPass } from "../pass/check-pass.testing.ts";
import { eliminateDeadCode } from "./eliminate-dead-code.ts";

test("removes chains and initializers that no output needs, and keeps inputs", () => {
  const text = `g (float[2] x, float[2] unused) => (float[2] y) <float[2] w, float[2] v> {
    a = Add(x, w)
    b = Neg(a)
    y = Add(x, v)
  }`;
  expect(checkPass(eliminateDeadCode, text)).toMatchInlineSnapshot(`
    "g (float[2] x, float[2] unused) => (float[2] y)
    <float[2] v = {-0.193223, 0.17494987}> {
      y = Add (x, v)
    }"
  `);
});

test("removes what only a dead node's body reads, and dead nodes in living bodies", () => {
  const text = `g (bool c, float[2] x) => (float[2] y) {
    s = Neg(x)
    t = Abs(x)
    dead = If(c) <then_branch = t1 () => (float[2] a) { a = Relu(s) }, else_branch = e1 () => (float[2] b) { b = Neg(s) }>
    y = If(c) <
      then_branch = t2 () => (float[2] a) { k = Neg(t) a = Relu(x) },
      else_branch = e2 () => (float[2] b) { b = Neg(x) }
    >
  }`;
  expect(checkPass(eliminateDeadCode, text)).toMatchInlineSnapshot(`
    "g (bool c, float[2] x) => (float[2] y) {
      y = If (c) <
        then_branch = t2 () => (float[2] a) {
          a = Relu (x)
        },
        else_branch = e2 () => (float[2] b) {
          b = Neg (x)
        }
      >
    }"
  `);
});

test("keeps nodes with side effects", () => {
  const text = `g (float[2] x) => (float[2] y) <float[2] state # buffer
  > {
    s = Add(state, x)
    u = lowbit.Assign(state, s)
    y = Neg(x)
  }`;
  expect(checkPass(eliminateDeadCode, text)).toMatch("lowbit.Assign");
});
