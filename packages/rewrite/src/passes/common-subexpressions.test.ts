import { parseModel } from "@lowbit/ir";
import { expect, test } from "vitest";
import { checkPass } from "../pass/check-pass.testing.ts";
import { runPasses } from "../pass/run-passes.ts";
import { commonSubexpressions } from "./common-subexpressions.ts";

test("equal chains are computed once", () => {
  const text = `g (float[2] x, float[2] z) => (float[2] y) <float one = {1}, float uno = {1}> {
    a = Add(x, one)
    b = Add(uno, x)
    c = Neg(a)
    d = Neg(b)
    y = Mul(c, d)
  }`;
  expect(checkPass(commonSubexpressions, text)).toMatchInlineSnapshot(`
    "g (float[2] x, float[2] z) => (float[2] y)
    <float one = {1}, float uno = {1}> {
      a = Add (x, one)
      c = Neg (a)
      y = Mul (c, c)
    }"
  `);
});

test.each([
  ["another attribute", "a = LeakyRelu<alpha = 0.1>(x) b = LeakyRelu<alpha = 0.2>(x)"],
  ["another order of operands", "a = Sub(x, z) b = Sub(z, x)"],
  ["another constant", "a = Add(x, one) b = Add(x, two)"],
  ["random results", "a = RandomNormalLike(x) b = RandomNormalLike(x)"],
])("keeps nodes with %s", (_, nodes) => {
  const text = `g (float[2] x, float[2] z) => (float[2] y) <float one = {1}, float two = {2}> {
    ${nodes}
    y = Sub(a, b)
  }`;
  expect(checkPass(commonSubexpressions, text, { tolerance: Infinity })).toMatch(/Sub \(a, b\)/);
});

test("two graph outputs that are equal keep a node each", () => {
  const text = "g (float[2] x) => (float[2] y, float[2] z) { y = Neg(x) z = Neg(x) }";
  expect(checkPass(commonSubexpressions, text)).toMatch("z = Neg (x)");
});

test("a graph output keeps its name when it is merged into an inner value", () => {
  const text = "g (float[2] x) => (float[2] y, float[2] z) { a = Neg(x) y = Neg(x) z = Abs(a) }";
  expect(checkPass(commonSubexpressions, text)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y, float[2] z) {
      y = Neg (x)
      z = Abs (y)
    }"
  `);
});

test("large constants are compared by identity", () => {
  const text = `g (float[32] x) => (float[32] y) <float[32] v, float[32] w> {
    a = Add(x, v)
    b = Add(x, v)
    c = Add(x, w)
    y = Sum(a, b, c)
  }`;
  expect(checkPass(commonSubexpressions, text)).toMatch("Sum (a, a, c)");
});

test("10,000 equal nodes become one", { timeout: 20_000 }, () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => `a${i} = Neg(x)`);
  const model = parseModel(
    `g (float[2] x) => (y) { ${nodes.join("\n")} y = Sum(${nodes.map((_, i) => `a${i}`).join(", ")}) }`,
  );
  runPasses(model, [commonSubexpressions]);
  expect(model.graph.nodes.length).toBe(2);
});
