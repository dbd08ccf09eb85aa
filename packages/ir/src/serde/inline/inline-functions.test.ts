import { expect, test } from "vitest";
import { CompileError } from "../../diagnostics.ts";
import { parseModel } from "../../text/parse.ts";
import { printModel } from "../../text/print.ts";
import { verifyModel } from "../../verify/verify.ts";
import { inlineFunctions } from "./inline-functions.ts";

function inlined(text: string): string {
  const model = parseModel(text);
  inlineFunctions(model);
  expect(verifyModel(model)).toEqual([]);
  return printModel(model);
}

function refusal(text: string): string {
  const model = parseModel(text);
  try {
    inlineFunctions(model);
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic.code;
    throw error;
  }
  return "none";
}

const header = `<ir_version: 10, opset_import: ["": 21, "l": 1]>`;
const own = `<domain: "l", opset_import: ["": 21, "l": 1]>`;

test("a call is replaced by the function's nodes, which take its attributes or the defaults", () => {
  const text = inlined(`${header}
    g (float[2] x) => (float[2] y, float[2] z) {
      [first] y = l.F <slope = 0.5> (x)
      [second] z = l.F (y)
    }
    ${own} F <slope: float = 0.25> (v) => (w) { t = LeakyRelu <alpha: float = @slope> (v) w = Relu (t) }`);
  expect(text).toMatchInlineSnapshot(`
    "<ir_version: 10, opset_import: ["" : 21]>
    g (float[2] x) => (float[2] y, float[2] z) {
      "first/t" = LeakyRelu <alpha = 0.5> (x)
      y = Relu ("first/t")
      "second/t" = LeakyRelu <alpha = 0.25> (y)
      z = Relu ("second/t")
    }"
  `);
});

test("calls in functions and in bodies are replaced too, and names stay unique", () => {
  const text = inlined(`${header}
    g (bool c, float[2] t) => (y) {
      y = If (c) <then_branch = a () => (p) { p = l.Outer (t) }, else_branch = b () => (q) { q = l.Outer (t) }>
    }
    ${own} Outer (v) => (w) { t = l.Inner (v) w = l.Inner (t) }
    ${own} Inner (v) => (w) { t = Neg (v) w = Abs (t) }`);
  expect(text).toMatchInlineSnapshot(`
    "<ir_version: 10, opset_import: ["" : 21]>
    g (bool c, float[2] t) => (y) {
      y = If (c) <
        then_branch = a () => (p) {
          "p/t/t" = Neg (t)
          "p/t" = Abs ("p/t/t")
          "p/t_1" = Neg ("p/t")
          p = Abs ("p/t_1")
        },
        else_branch = b () => (q) {
          "q/t/t" = Neg (t)
          "q/t" = Abs ("q/t/t")
          "q/t_1" = Neg ("q/t")
          q = Abs ("q/t_1")
        }
      >
    }"
  `);
});

test("bodies inside a function read the call's operands and attributes", () => {
  const text = inlined(`${header}
    g (bool c, float[2] x) => (float[2] y) { y = l.F <s = 0.5> (c, x) }
    ${own} F <s> (k, v) => (w) {
      w = If (k) <then_branch = a () => (p) { p = LeakyRelu <alpha: float = @s> (v) }, else_branch = b () => (q) { q = Relu (v) }>
    }`);
  expect(text).toMatchInlineSnapshot(`
    "<ir_version: 10, opset_import: ["" : 21]>
    g (bool c, float[2] x) => (float[2] y) {
      y = If (c) <
        then_branch = a () => ("y/p") {
          "y/p" = LeakyRelu <alpha = 0.5> (x)
        },
        else_branch = b () => ("y/q") {
          "y/q" = Relu (x)
        }
      >
    }"
  `);
});

test("absent operands stay absent, and results that are operands get a name of their own", () => {
  const text = inlined(`${header}
    g (float[2] x) => (float[2] y, float[2] z, float[2] u) { y, z, u = l.F (x) }
    ${own} F (v, lowest) => (w, same, again) { w = Clip (v, lowest) same = Identity (v) again = Identity (w) }`);
  expect(text).toMatchInlineSnapshot(`
    "<ir_version: 10, opset_import: ["" : 21]>
    g (float[2] x) => (float[2] y, float[2] z, float[2] u) {
      y = Clip (x, "")
      z = Identity (x)
      u = Identity (y)
    }"
  `);
});

test("functions that cannot be inlined are refused", () => {
  expect(refusal(`${header} g (x) => (y) { y = l.F (x) } ${own} F (v) => (w) { w = l.F (v) }`)).toBe(
    "function/recursive",
  );
  expect(
    refusal(
      `${header} g (x) => (y) { y = l.F (x) } <domain: "l", opset_import: ["": 13]> F (v) => (w) { w = Relu (v) }`,
    ),
  ).toBe("function/opset");
  expect(refusal(`${header} g (x) => (y) { y = l.F (x, x) } ${own} F (v) => (w) { w = Relu (v) }`)).toBe(
    "function/arity",
  );
  const doubling = Array.from(
    { length: 40 },
    (_, i) => `${own} F${i} (v) => (w) { t = l.F${i + 1} (v) w = l.F${i + 1} (t) }`,
  );
  expect(
    refusal(`${header} g (x) => (y) { y = l.F0 (x) } ${doubling.join(" ")} ${own} F40 (v) => (w) { w = Relu (v) }`),
  ).toBe("function/too-large");
});
