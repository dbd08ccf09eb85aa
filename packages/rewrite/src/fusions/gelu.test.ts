import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeGelu } from "./gelu.ts";

const constants =
  "float one = {1}, float two = {2}, float half = {0.5}, float root = {1.4142135}, float inverse = {0.70710677}, " +
  "float three = {3}, float k = {0.044715}, float c = {0.7978846}";
const gate = "a = Div(x, root) b = Erf(a) s = Add(b, one)";
const tanhGate = "p = Pow(x, three) q = Mul(p, k) r = Add(x, q) t = Mul(r, c) b = Tanh(t) s = Add(one, b)";

test.each([
  ["the order of PyTorch", `${gate} m = Mul(x, s) y = Mul(m, half)`],
  ["the half first", `${gate} m = Mul(x, half) y = Mul(m, s)`],
  ["the half on the gate", `${gate} m = Mul(s, half) y = Mul(x, m)`],
  ["a multiplication in erf", "a = Mul(x, inverse) b = Erf(a) s = Add(b, one) m = Mul(x, s) y = Mul(half, m)"],
])("the erf form is found in %s", (_, nodes) => {
  const text = `g (float[2,3] x) => (float[2,3] y) <${constants}> { ${nodes} }`;
  expect(checkPass(recomposeGelu, text)).toMatch(/\{\n {2}y = Gelu \(x\)\n\}$/);
});

test.each([
  ["with Pow", `${tanhGate} m = Mul(x, half) y = Mul(m, s)`],
  ["with products", `o = Mul(x, x) ${tanhGate.replace("Pow(x, three)", "Mul(o, x)")} m = Mul(x, s) y = Mul(m, half)`],
  [
    "with x factored out",
    "o = Mul(x, k) p = Mul(o, x) q = Add(p, one) r = Mul(x, c) t = Mul(r, q) b = Tanh(t) s = Add(b, one) m = Mul(x, half) y = Mul(m, s)",
  ],
])("the tanh form is found %s", (_, nodes) => {
  const text = `g (float[2,3] x) => (float[2,3] y) <${constants}> { ${nodes} }`;
  expect(checkPass(recomposeGelu, text)).toMatch('y = Gelu <approximate = "tanh"> (x)');
});

test("another constant is left alone, and named", () => {
  const text = `g (float[2,3] x) => (float[2,3] y) <${constants}> { a = Div(x, two) b = Erf(a) s = Add(b, one) m = Mul(x, s) y = Mul(m, half) }`;
  expect(rejections(recomposeGelu, text)).toMatch("recompose-gelu: not at y: is 2 instead of 1.414214 (two)");
});

test("a gate that others read is left alone", () => {
  const text = `g (float[2,3] x) => (float[2,3] y, float[2,3] s) <${constants}> { ${gate} m = Mul(x, s) y = Mul(m, half) }`;
  expect(rejections(recomposeGelu, text)).toMatch("recompose-gelu: not at y: is also a graph output (s)");
});
