import { expect, test } from "vitest";
import { converted } from "../converted.testing.ts";

test("limits of Clip become operands of the data's type, and infinite ones disappear", () => {
  const text = converted(
    6,
    `g (float[2] a, float16[2] b) => (float[2] x, float16[2] y, float[2] z) {
      x = Clip <min = 0.0, max = 6.0> (a)
      y = Clip <max = 6.0> (b)
      z = Clip <min = -3.4028234663852886e38> (a)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[2] a, float16[2] b) => (float[2] x, float16[2] y, float[2] z)
    <float x_min = {0}, float x_max = {6}, float16 y_max = {17920}> {
      x = Clip (a, x_min, x_max)
      y = Clip (b, "", y_max)
      z = Clip (a)
    }"
  `);
});

test("a limit of Clip follows its operand when the element type is not known", () => {
  expect(converted(6, `g (a) => (x) { u = com.acme.Op (a) x = Clip <max = 6.0> (u) }`)).toMatchInlineSnapshot(`
    "g (a) => (x)
    <float x_max = {6}> {
      u = com.acme.Op (a)
      castlike_out = CastLike (x_max, u)
      x = Clip (u, "", castlike_out)
    }"
  `);
});

test("axes, starts, sizes and counts become operands", () => {
  const text = converted(
    9,
    `g (float[1,4,6] x) => (a, b, c, d, e, f, g, h, i) {
      a = Slice <starts = [0], ends = [9223372036854775807], axes = [2]> (x)
      b = Squeeze <axes = [0]> (x)
      c = Unsqueeze <axes = [0]> (x)
      d = ReduceSum <axes = [1], keepdims = 0> (x)
      e = ReduceMean <axes = [1]> (x)
      f, g = Split <axis = 1, split = [1, 3]> (x)
      h, i = TopK <k = 2> (x)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[1,4,6] x) => (a, b, c, d, e, f, g, h, i)
    <
      int64[1] a_starts = {0},
      int64[1] a_ends = {9223372036854775807},
      int64[1] a_axes = {2},
      int64[1] d_axes = {1},
      int64[2] f_split = {1, 3}
    > {
      a = Slice (x, a_starts, a_ends, a_axes)
      b = Squeeze (x, a_starts)
      c = Unsqueeze (x, a_starts)
      d = ReduceSum <keepdims = 0> (x, d_axes)
      e = ReduceMean (x, d_axes)
      f, g = Split <axis = 1> (x, f_split)
      h, i = TopK (x, a_axes)
    }"
  `);
});

test("a split into equal parts says their number", () => {
  expect(converted(13, `g (float[4] x) => (a, b) { a, b = Split (x) }`)).toMatchInlineSnapshot(`
    "g (float[4] x) => (a, b) {
      a, b = Split <num_outputs = 2> (x)
    }"
  `);
});

test("pads become an operand, and a value other than zero too", () => {
  const text = converted(
    9,
    `g (float[2] x) => (a, b, c) {
      a = Pad <pads = [1, 1]> (x)
      b = Pad <mode = "reflect", pads = [1, 1]> (x)
      c = Pad <pads = [1, 1], value = 1.5> (x)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[2] x) => (a, b, c)
    <int64[2] a_pads = {1, 1}, float c_value = {1.5}> {
      a = Pad (x, a_pads)
      b = Pad <mode = "reflect"> (x, a_pads)
      c = Pad (x, a_pads, c_value)
    }"
  `);
});

test("an operand that opset 6 aligns at an axis gets axes of size 1 behind", () => {
  const text = converted(
    6,
    `g (float[N,8,4,4] x, float[8] b, float[4] c) => (u, v) {
      u = Add <axis = 1, broadcast = 1> (x, b)
      v = Mul <broadcast = 1> (x, c)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,8,4,4] x, float[8] b, float[4] c) => (u, v)
    <int64[2] u_axes = {1, 2}> {
      unsqueeze_out = Unsqueeze (b, u_axes)
      u = Add (x, unsqueeze_out)
      v = Mul (x, c)
    }"
  `);
});

test("a slope per channel gets axes of size 1 behind", () => {
  expect(converted(6, `g (float[N,8,4,4] x, float[8] s) => (y) { y = PRelu (x, s) }`)).toMatchInlineSnapshot(`
    "g (float[N,8,4,4] x, float[8] s) => (y)
    <int64[2] y_axes = {1, 2}> {
      unsqueeze_out = Unsqueeze (s, y_axes)
      y = PRelu (x, unsqueeze_out)
    }"
  `);
});
