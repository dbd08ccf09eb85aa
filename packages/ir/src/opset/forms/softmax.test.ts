import { expect, test } from "vitest";
import { converted } from "../converted.testing.ts";

test("Softmax keeps its axis where all the others of its run have size 1", () => {
  const text = converted(
    11,
    `g (float[N,10] x, float[N,10,1,1] y, float[N,10,4] z) => (a, b, c) {
      a = Softmax (x)
      b = Softmax (y)
      c = Softmax <axis = 2> (z)
    }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[N,10] x, float[N,10,1,1] y, float[N,10,4] z) => (a, b, c) {
      a = Softmax <axis = 1> (x)
      b = Softmax <axis = 1> (y)
      c = Softmax <axis = 2> (z)
    }"
  `);
});

test("Softmax over several axes is flattened and put back into shape", () => {
  const text = converted(
    11,
    `g (float[2,10,4] x, float[N,10,M] y) => (a, b) { a = Softmax (x) b = LogSoftmax <axis = 1> (y) }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[2,10,4] x, float[N,10,M] y) => (float[2,10,4] a, float[N,10,M] b)
    <int64[3] a_shape = {2, 10, 4}> {
      flatten_out = Flatten <axis = 1> (x)
      [softmax] softmax_out = Softmax <axis = -1> (flatten_out)
      a = Reshape (softmax_out, a_shape)
      flatten_out_1 = Flatten <axis = 1> (y)
      [logsoftmax] logsoftmax_out = LogSoftmax <axis = -1> (flatten_out_1)
      shape_out = Shape (y)
      b = Reshape <allowzero = 1> (logsoftmax_out, shape_out)
    }"
  `);
});

test("the shape that decides about Softmax is inferred through nodes that are converted already", () => {
  const text = converted(
    9,
    `g (float[2,10,1,1] x) => (a) { s = Squeeze <axes = [3]> (x) t = Relu (s) a = Softmax (t) }`,
  );
  expect(text).toMatchInlineSnapshot(`
    "g (float[2,10,1,1] x) => (a)
    <int64[1] s_axes = {3}> {
      s = Squeeze (x, s_axes)
      t = Relu (s)
      a = Softmax <axis = 1> (t)
    }"
  `);
});
