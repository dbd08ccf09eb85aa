import { expect, test } from "vitest";
import { converted } from "../converted.testing.ts";

test("BatchNormalization tells training by an attribute instead of by its outputs", () => {
  const text = converted(
    9,
    `g (float[N,8,4,4] x, float[8] s, float[8] b, float[8] m, float[8] v) => (y, z, rm, rv) {
      y = BatchNormalization <epsilon = 0.001> (x, s, b, m, v)
      z, rm, rv, sm, sv = BatchNormalization (x, s, b, m, v)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,8,4,4] x, float[8] s, float[8] b, float[8] m, float[8] v) => (y, z, rm, rv) {
      y = BatchNormalization <epsilon = 0.001> (x, s, b, m, v)
      z, rm, rv = BatchNormalization <training_mode = 1> (x, s, b, m, v)
    }"
  `);
});

test("BatchNormalization per position is written out", () => {
  const text = converted(
    7,
    `g (float[N,8,4] x, float[8,4] s, float[8,4] b, float[8,4] m, float[8,4] v) => (y) {
      y = BatchNormalization <spatial = 0, epsilon = 0.5> (x, s, b, m, v)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,8,4] x, float[8,4] s, float[8,4] b, float[8,4] m, float[8,4] v) => (float[N,8,4] y)
    <float y_epsilon = {0.5}> {
      add_out = Add (v, y_epsilon)
      sqrt_out = Sqrt (add_out)
      div_out = Div (s, sqrt_out)
      sub_out = Sub (x, m)
      mul_out = Mul (sub_out, div_out)
      [batchnorm] y = Add (mul_out, b)
    }"
  `);
});

test("Dropout of opset 6 trains unless it says that it is a test", () => {
  const text = converted(
    6,
    `g (float[4] x) => (a, b) { a = Dropout <is_test = 1, ratio = 0.25> (x) b = Dropout <ratio = 0.25> (x) }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[4] x) => (a, b)
    <float a_ratio = {0.25}, bool b_training_mode = {1}> {
      a = Dropout (x, a_ratio)
      b = Dropout (x, a_ratio, b_training_mode)
    }"
  `);
});

test("a Dropout mask that is read keeps its element type", () => {
  expect(converted(7, `g (float[4] x) => (y, m) { y, m = Dropout (x) }`)).toMatchInlineSnapshot(`
    "g (float[4] x) => (y, float[] m) {
      y, m_1 = Dropout (x)
      m = CastLike (m_1, x)
    }"
  `);
});

test("GroupNormalization gets a scale and a bias per channel", () => {
  const text = converted(
    18,
    `g (float[N,8,4] x, float[2] s, float[2] b) => (y) { y = GroupNormalization <num_groups = 2> (x, s, b) }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,8,4] x, float[2] s, float[2] b) => (y)
    <int64[2] y_column = {2, 1}, int64[1] y_flat = {-1}, int64[2] y_table = {2, 4}> {
      reshape_out = Reshape (s, y_column)
      expand_out = Expand (reshape_out, y_table)
      reshape_out_1 = Reshape (expand_out, y_flat)
      reshape_out_2 = Reshape (b, y_column)
      expand_out_1 = Expand (reshape_out_2, y_table)
      reshape_out_3 = Reshape (expand_out_1, y_flat)
      y = GroupNormalization <num_groups = 2> (x, reshape_out_1, reshape_out_3)
    }"
  `);
});
