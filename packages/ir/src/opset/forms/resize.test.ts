import { expect, test } from "vitest";
import { converted } from "../converted.testing.ts";

test("Upsample becomes Resize from one position before each result", () => {
  const text = converted(
    9,
    `g (float[1,3,4,4] x, float[4] s) => (a, b) {
      a = Upsample <mode = "nearest"> (x, s)
      b = Upsample <mode = "linear"> (x, s)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[1,3,4,4] x, float[4] s) => (a, b) {
      a = Resize <mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric"> (x, "", s)
      b = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (x, "", s)
    }"
  `);
});

test("Upsample of opset 7 and Resize of opset 10 get scales as operands", () => {
  expect(converted(7, `g (float[1,1,2,2] x) => (a) { a = Upsample <scales = [1.0, 1.0, 2.0, 2.0]> (x) }`))
    .toMatchInlineSnapshot(`
    "g (float[1,1,2,2] x) => (a)
    <float[4] a_scales = {1, 1, 2, 2}> {
      a = Resize <mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric"> (x, "", a_scales)
    }"
  `);
  expect(converted(10, `g (float[1,1,4,4] x) => (a) <float[4] s = {1, 1, 0.5, 0.5}> { a = Resize (x, s) }`))
    .toMatchInlineSnapshot(`
    "g (float[1,1,4,4] x) => (a)
    <float[4] s = {1, 1, 0.5, 0.5}> {
      a = Resize <nearest_mode = "ceil", mode = "nearest", coordinate_transformation_mode = "asymmetric"> (x, "", s)
    }"
  `);
});

test("Resize of opset 11 loses operands that say nothing, and the coordinate mode that opset 13 dropped", () => {
  const text = converted(
    11,
    `g (float[1,1,4,4] x) => (a, b) <float[0] none, int64[4] sizes = {1, 1, 8, 8}, float[4] s = {1, 1, 2, 2}> {
      a = Resize (x, none, none, sizes)
      b = Resize <coordinate_transformation_mode = "tf_half_pixel_for_nn", nearest_mode = "floor"> (x, none, s)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[1,1,4,4] x) => (a, b)
    <float[0] none = {}, int64[4] sizes = {1, 1, 8, 8}, float[4] s = {1, 1, 2, 2}> {
      a = Resize (x, "", "", sizes)
      b = Resize <coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_ceil"> (x, "", s)
    }"
  `);
});
