import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { eliminateIdentity } from "./eliminate-identity.ts";

test("removes Identity nodes, and graph outputs keep their names", () => {
  const text = "g (float[2] x) => (float[2] y) { a = Identity(x) b = Neg(a) y = Identity(b) }";
  expect(checkPass(eliminateIdentity, text)).toMatchInlineSnapshot(`
    "g (float[2] x) => (float[2] y) {
      y = Neg (x)
    }"
  `);
});

const constants =
  "float zero = {0}, float one = {1}, int64[1] i0 = {0}, int64[1] i1 = {1}, int64[1] top = {9223372036854775807}, " +
  "int64[6] p0 = {0, 0, 0, 0, 0, 0}, int64[3] s = {2, 3, 4}, int64[3] s1 = {1, 1, 1}, float[3] f1 = {1, 1, 1}";

test.each([
  "Cast<to = 1>(x)",
  "CastLike(x, one)",
  "Reshape(x, s)",
  "Expand(x, s)",
  "Tile(x, s1)",
  "Transpose<perm = [0, 1, 2]>(x)",
  "Slice(x, i0, top, i1)",
  "Slice(x, i0, s4, i2)",
  "Pad(x, p0)",
  "Concat<axis = 0>(x)",
  "Sum(x)",
  "Max(x)",
  "Clip(x)",
  "Split<num_outputs = 1>(x)",
  'Resize(x, "", f1)',
  'Resize(x, "", "", s)',
  "ReduceSum<noop_with_empty_axes = 1>(x)",
])("removes %s", (node) => {
  const text = `g (float[2,3,4] x) => (float[2,3,4] y) <${constants}, int64[1] s4 = {4}, int64[1] i2 = {-1}> {
    a = Neg(x)
    t = ${node.replace(/\bx\b/, "a")}
    y = Neg(t)
  }`;
  expect(checkPass(eliminateIdentity, text)).toMatch(/\{\n {2}a = Neg \(x\)\n {2}y = Neg \(a\)\n\}$/);
});

test.each([
  ["Cast<to = 11>(x)", "changes the dtype"],
  ["Reshape(x, flat)", "changes the shape"],
  ["Tile(x, s)", "repeats something"],
  ["Transpose<perm = [0, 2, 1]>(x)", "moves axes"],
  ["Transpose(x)", "moves axes"],
  ["Slice(x, i1, top, i1)", "takes a part"],
  ["Slice(x, top, low, i1, back)", "takes a part"],
  ["Pad(x, p1)", "pads something"],
  ["Sum(x, one)", "combines several operands"],
  ["Clip(x, zero)", "has a bound"],
  ["ReduceSum(x)", "reduces all axes"],
])("keeps %s", (node, reason) => {
  const more =
    "int64[2] flat = {6, 4}, int64[1] back = {-1}, int64[1] low = {-9223372036854775807}, " +
    "int64[6] p1 = {1, 0, 0, 0, 0, 0}, float[1,1,1,1] wide = {1}";
  const text = `g (float[2,3,4] x) => (int64 y) <${constants}, ${more}> {
    t = ${node}
    y = Size(t)
  }`;
  expect(rejections(eliminateIdentity, text).split("\n")[0]).toBe(`eliminate-identity: not at t: ${reason}`);
});

test("symbolic dimensions of the same name are the same", () => {
  const text = `g (float[N,3] x) => (float[N,3] y) <int64[1] axes = {0}> {
    a = Neg(x)
    s = Shape(x)
    t = Expand(a, s)
    y = Neg(t)
  }`;
  expect(checkPass(eliminateIdentity, text)).not.toMatch("Expand (");
});

test("an Identity that gives a graph output its name stays", () => {
  expect(rejections(eliminateIdentity, "g (float[2] x) => (float[2] y) { y = Identity(x) }")).toBe(
    "eliminate-identity: not at y: gives a graph output its name",
  );
});
