import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { fuseBnConv } from "./bn-conv.ts";

const bn = "float[4] scale, float[4] bias, float[4] mean, float[4] var";

test("folds BatchNormalization into the Conv after it", () => {
  const text = `g (float[1,4,8,8] x) => (float[1,3,6,6] y) <${bn}, float[3,4,3,3] w> {
    t = BatchNormalization(x, scale, bias, mean, var)
    y = Conv(t, w)
  }`;
  expect(checkPass(fuseBnConv, text)).toMatchInlineSnapshot(`
    "g (float[1,4,8,8] x) => (float[1,3,6,6] y)
    <float[3,4,3,3] w, float[3] w_bias = {-0.002708515, 0.090382986, -0.083468564}> {
      y = Conv (x, w, w_bias)
    }"
  `);
});

test.each([
  ["grouped, with a bias", "Conv<group = 2>(t, w, b)", "float[6,2,3,3] w, float[6] b"],
  ["with strides", 'Conv<strides = [2, 2], auto_pad = "VALID">(t, w)', "float[3,4,3,3] w"],
])("outputs stay the same: %s", (_, conv, weights) => {
  const text = `g (float[N,4,8,8] x) => (float[] y) <${bn}, ${weights}> {
    t = BatchNormalization(x, scale, bias, mean, var)
    y = ${conv}
  }`;
  expect(checkPass(fuseBnConv, text)).not.toMatch("BatchNormalization");
});

test("padding does no harm where zeros stay zeros", () => {
  const text = `g (float[1,4,8,8] x) => (float[] y) <float[4] scale, float[4] zero = {0,0,0,0}, float[4] var, float[3,4,3,3] w> {
    t = BatchNormalization(x, scale, zero, zero, var)
    y = Conv<pads = [1, 1, 1, 1]>(t, w)
  }`;
  expect(checkPass(fuseBnConv, text)).not.toMatch("BatchNormalization");
});

test.each([
  ["pads with zeros that are not normalized (y)", "y = Conv<pads = [1, 1, 1, 1]>(t, w)"],
  ["pads with zeros that are not normalized (y)", 'y = Conv<auto_pad = "SAME_UPPER">(t, w)'],
  ["weight is shared with another node (w)", "u = Conv(x, w)\n y = Conv(t, w)"],
  ["is also read by u (t)", "u = Relu(t)\n y = Conv(t, w)"],
])("is left alone: %s", (reason, nodes) => {
  const text = `g (float[1,4,8,8] x) => (float[] y) <${bn}, float[3,4,3,3] w> {
    t = BatchNormalization(x, scale, bias, mean, var)
    ${nodes}
  }`;
  expect(rejections(fuseBnConv, text).split("\n").at(-1)).toBe(`fuse-bn-conv: not at y: ${reason.replace(" (y)", "")}`);
});
