import { parseModel, printGraph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { runPasses } from "../pass/run-passes.ts";
import { canonicalize } from "../pipelines.ts";
import { Explanation, findingText } from "../rule/explanation.ts";
import { foldConstants } from "./fold-constants.ts";

test("computes weights behind Identity, Transpose and Reshape", () => {
  const text = `g (float[1,2] x) => (float[1,2] y) <float[2,2] w = {1, 2, 3, 4}, int64[2] s = {2, 2}> {
    i = Identity(w)
    t = Transpose<perm = [1, 0]>(i)
    r = Reshape(t, s)
    y = MatMul(x, r)
  }`;
  expect(checkPass(foldConstants, text)).toMatchInlineSnapshot(`
    "g (float[1,2] x) => (float[1,2] y)
    <float[2,2] r = {1, 3, 2, 4}> {
      y = MatMul (x, r)
    }"
  `);
});

test("computes shape arithmetic over the dimensions that are known", () => {
  const text = `g (float[N,3,4] x) => (float[N,12] y) <int64 one = {1}, int64 two = {2}, int64[1] minus = {-1}, int64[1] zero = {0}> {
    s = Shape(x)
    b = Gather(s, one)
    c = Gather(s, two)
    m = Mul(b, c)
    u = Unsqueeze(m, zero)
    t = Concat<axis = 0>(minus, u)
    y = Reshape(x, t)
  }`;
  expect(checkPass(foldConstants, text)).toMatchInlineSnapshot(`
    "g (float[N,3,4] x) => (float[N,12] y)
    <int64[2] t = {-1, 12}> {
      y = Reshape (x, t)
    }"
  `);
});

test("what became constant makes shapes known further down", () => {
  const text = `g (float[2,6] x) => (float[] y) <int64[2] a = {2, 2}, int64[2] b = {0, 1}> {
    s = Add(a, b)
    t = Reshape(x, s)
    y = Relu(t)
  }`;
  const wrong = text.replace("{0, 1}", "{1, 2}");
  expect(checkPass(foldConstants, wrong)).toMatch("(float[3,4] y)");
});

test("bodies see the constants of the graphs around them", () => {
  const text = `g (bool c, float[1] x) => (float[1] y) <float[1] w = {2}> {
    n = Neg(w)
    y = If(c) <
      then_branch = t () => (float[1] a) { k = Neg(n) a = Add(x, k) },
      else_branch = e () => (float[1] b) { b = Add(x, n) }
    >
  }`;
  expect(checkPass(foldConstants, text)).toMatchInlineSnapshot(`
    "g (bool c, float[1] x) => (float[1] y)
    <float[1] n = {-2}> {
      y = If (c) <
        then_branch = t () => (float[1] a)
        <float[1] k = {2}> {
          a = Add (x, k)
        },
        else_branch = e () => (float[1] b) {
          b = Add (x, n)
        }
      >
    }"
  `);
});

test("a body does not store a large constant around it once more, when others read that too", () => {
  const branches = (other: string): string => `g (bool c, float[1,2000] x) => (float[1,2000] y) <float[2000] w> {
    y = If(c) <
      then_branch = t () => (float[1,2000] a) <int64[1] axis = {0}> { k = Unsqueeze(w, axis) a = Add(x, k) },
      else_branch = e () => (float[1,2000] b) { b = Add(x, ${other}) }
    >
  }`;
  expect(rejections(foldConstants, branches("w"))).toBe(
    'fold-constants: not at k: its result would store the 8000 bytes of "w" once more, which is read elsewhere too',
  );
  expect(checkPass(foldConstants, branches("x"))).not.toMatch("Unsqueeze");
});

test("a constant result keeps its name through an Identity, and that is not folded again", () => {
  expect(checkPass(foldConstants, "g (float[1] x) => (float[1] y) <float[1] w = {1}> { y = Neg(w) }"))
    .toMatchInlineSnapshot(`
    "g (float[1] x) => (float[1] y)
    <float[1] y_1 = {-1}> {
      y = Identity (y_1)
    }"
  `);
});

test.each([
  ["random", "g () => (float[2] y) { y = RandomNormal<shape = [2]>() }", "its result is random"],
  [
    "quantized weights",
    "g () => (float[2] y) <int8[2] q = {1, 2}, float s = {0.5}> { y = DequantizeLinear(q, s) }",
    "it keeps a constant in integers",
  ],
  [
    "large results",
    "g () => (float[4096,4096] y) <int64[2] s = {4096, 4096}> { y = ConstantOfShape(s) }",
    "its result would take 67108864 bytes, and at most 4194304 are stored",
  ],
])("is left alone: %s", (_, text, reason) => {
  expect(rejections(foldConstants, text)).toBe(`fold-constants: not at y: ${reason}`);
});

test("the size limit is an option, and does not count where the constants it replaces are as large", () => {
  const small = foldConstants.with({ maxBytes: 4 });
  expect(rejections(small, "g () => (float[4] y) <float a = {1}, int64[1] s = {4}> { y = Expand(a, s) }")).toBe(
    "fold-constants: not at y: its result would take 16 bytes, and at most 4 are stored",
  );
  expect(checkPass(small, "g (float[4] x) => (float[4] y) <float[4] w> { n = Neg(w) y = Add(x, n) }")).not.toMatch(
    "Neg",
  );
});

test("a branch that is wrong for the shapes at hand is left alone, because it is not the one that runs", () => {
  const text = `g (bool large, float[1,2] x) => (y) <int64[1] one = {1}, int64[2] shape = {2, 1}> {
    y = If (large) <
      then_branch = t () => (a) { n = Squeeze (x, one)  a = Neg (n) },
      else_branch = e () => (b) { u = Neg (x)  v = Reshape (u, shape)  b = Reshape (v, shape) }
    >
  }`;
  const model = parseModel(text, { infer: false });
  runPasses(model, [canonicalize], { verifyEach: true });
  const explanation = new Explanation(["fold-constants"]);
  runPasses(model, [foldConstants], { explanation });
  expect(explanation.findings().map(findingText)).toMatchInlineSnapshot(`
    [
      "fold-constants: not at n: Squeeze "n": axis 1 of [1,2] has size 2, not 1",
    ]
  `);
  expect(printGraph(model.graph)).toMatchInlineSnapshot(`
    "g (bool large, float[1,2] x) => (float[] y)
    <int64[1] one = {1}, int64[2] shape = {2, 1}> {
      y = If (large) <
        then_branch = t () => (a) {
          n = Squeeze (x, one)
          a = Neg (n)
        },
        else_branch = e () => (float[2,1] b) {
          u = Neg (x)
          b = Reshape (u, shape)
        }
      >
    }"
  `);
});

test("constants that users may override or train are not folded", () => {
  const text = `g (float[2] x, float[2] v = {1, 2}) => (float[2] y) <float[2] p # parameter
  > {
    a = Neg(p)
    b = Neg(v)
    y = Sum(x, a, b)
  }`;
  expect(rejections(foldConstants, text)).toBe("");
});
