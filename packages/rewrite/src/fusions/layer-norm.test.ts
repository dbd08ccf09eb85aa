import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { recomposeLayerNorm } from "./layer-norm.ts";

const constants =
  "float[4] gamma, float[4] beta, int64[1] last = {-1}, int64[1] first = {0}, float two = {2}, float eps = {0.00001}";
const norm = (axes: string, square = "Pow(d, two)"): string => `
  m = ReduceMean(x, ${axes})
  d = Sub(x, m)
  s = ${square}
  v = ReduceMean(s, ${axes})
  e = Add(v, eps)
  r = Sqrt(e)
  n = Div(d, r)`;

test("the decomposed form with scale and bias is one LayerNormalization", () => {
  const text = `g (float[N,3,4] x) => (float[N,3,4] y) <${constants}> { ${norm("last")} g1 = Mul(n, gamma) y = Add(g1, beta) }`;
  expect(checkPass(recomposeLayerNorm, text).split("\n").slice(-2).join("\n")).toMatchInlineSnapshot(`
    "  y = LayerNormalization <axis = -1, epsilon = 0.00001> (x, gamma, beta)
    }"
  `);
});

test("trained scales are found too, squares may be products, and several axes may be normalized", () => {
  const text = `g (float[2,3,4] x) => (float[2,3,4] y) <float[3,4] gamma # parameter
    , int64[2] axes = {1, 2}, float two = {2}, float eps = {0.001}> { ${norm("axes", "Mul(d, d)")} y = Mul(gamma, n) }`;
  expect(checkPass(recomposeLayerNorm, text)).toMatch("y = LayerNormalization <axis = -2, epsilon = 0.001> (x, gamma)");
});

test("a form without scale gets a scale of ones", () => {
  const text = `g (float[2,3,4] x) => (float[2,3,4] y) <${constants}> { ${norm("last")} y = Relu(n) }`;
  expect(checkPass(recomposeLayerNorm, text)).toMatch(
    "n = LayerNormalization <axis = -1, epsilon = 0.00001> (x, n_scale)",
  );
});

test("a scale that is applied by axis stays a Mul", () => {
  const text = `g (float[4,4] x) => (float[4,4] y) <${constants}, float[1] one> { ${norm("last")} y = Mul(n, one) }`;
  expect(checkPass(recomposeLayerNorm, text)).toMatch("y = Mul (n, one)");
});

test.each([
  ["first axes", norm("first"), "is not over the last axes (m)"],
  [
    "a mean without its axis",
    norm("last").replace("(x, last)", "<keepdims = 0>(w, last)"),
    "attribute keepdims is 0 instead of 1 (m)",
  ],
])("is left alone: %s", (_, nodes, reason) => {
  const text = `g (float[4,4] x, float[4,4] w) => (float[] n) <${constants}> { ${nodes} }`;
  expect(rejections(recomposeLayerNorm, text, "recompose-layer-norm")).toBe(
    `recompose-layer-norm: not at n: ${reason}`,
  );
});
