import { expect, test } from "vitest";
import { converted } from "../converted.testing.ts";

test("defaults that changed are made explicit, and renamed ops are renamed", () => {
  const text = converted(
    10,
    `g (float[1,1,4,4] x, float[1,4] r, int64[1] i, int64[1] j, float[1] u) => (a, b) {
      a = RoiAlign (x, r, i)
      b = Scatter (u, j, u)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[1,1,4,4] x, float[1,4] r, int64[1] i, int64[1] j, float[1] u) => (a, b) {
      a = RoiAlign <coordinate_transformation_mode = "output_half_pixel"> (x, r, i)
      b = ScatterElements (u, j, u)
    }"
  `);
  expect(converted(16, `g (float[1,1,4,4] x, float[1,4,4,2] g) => (y) { y = GridSample (x, g) }`))
    .toMatchInlineSnapshot(`
    "g (float[1,1,4,4] x, float[1,4,4,2] g) => (y) {
      y = GridSample <mode = "linear"> (x, g)
    }"
  `);
});

test("forms of the first opsets are read too", () => {
  const text = converted(
    1,
    `g (float[2,3] x) => (a, b, c, d, e) {
      a = Reshape <shape = [3, 2]> (x)
      b = Cast <to = "FLOAT16"> (x)
      c = Pad <paddings = [0, 0, 1, 1], value = 0.0> (x)
      d = Concat (x, x)
      e = Relu <consumed_inputs = [0]> (x)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[2,3] x) => (a, b, c, d, e)
    <int64[2] a_shape = {3, 2}, int64[4] c_pads = {0, 0, 1, 1}> {
      a = Reshape (x, a_shape)
      b = Cast <to = 10> (x)
      c = Pad (x, c_pads)
      d = Concat <axis = 1> (x, x)
      e = Relu (x)
    }"
  `);
});
