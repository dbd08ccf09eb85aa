import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { decomposeBatchNorm } from "./decompose-batch-norm.ts";

const bn = "float[4] scale, float[4] bias, float[4] mean, float[4] var";

test("BatchNormalization becomes a multiplication and an addition by channel", () => {
  const text = `g (float[N,4,8,8] x) => (float[N,4,8,8] y) <${bn}> { y = BatchNormalization(x, scale, bias, mean, var) }`;
  expect(checkPass(decomposeBatchNorm, text)).toMatchInlineSnapshot(`
    "g (float[N,4,8,8] x) => (float[N,4,8,8] y)
    <
      float[4,1,1] y_scale = {0.9691073, 0.8302268, 1.0107602, 0.72392374},
      float[4,1,1] y_shift = {-0.08940716, 0.037053596, -0.13486077, -0.15283129}
    > {
      mul_out = Mul (x, y_scale)
      y = Add (mul_out, y_shift)
    }"
  `);
});

test("also over matrices", () => {
  const text = `g (float[N,4] x) => (float[N,4] y) <${bn}> { y = BatchNormalization(x, scale, bias, mean, var) }`;
  expect(checkPass(decomposeBatchNorm, text)).not.toMatch("BatchNormalization");
});

test("an unknown rank is left alone", () => {
  const text = `g (float[] x) => (float[] y) <${bn}> { y = BatchNormalization(x, scale, bias, mean, var) }`;
  expect(rejections(decomposeBatchNorm, text)).toBe("decompose-batch-norm: not at y: has an unknown rank (x)");
});
