import { expect, test } from "vitest";
import { checkPass, rejections } from "../pass/check-pass.testing.ts";
import { dropZeroStates } from "./drop-zero-states.ts";

const weights = "float[1,8,3] w, float[1,8,2] r, float[1,16] b";

test("initial states of zeros are dropped, computed ones too", () => {
  const text = `g (float[4,N,3] x) => (float[] y, float[] h) <${weights}, float[1,2,2] zero = {0, 0, 0, 0}, int64[4] s = {2, 1, 2, 2},
    int64[1] from = {0}, int64[1] to = {1}> {
    z = ConstantOfShape(s)
    c = Slice(z, from, to)
    d = Squeeze(c, from)
    y, h, k = LSTM<hidden_size = 2>(x, w, r, b, "", zero, d)
  }`;
  expect(checkPass(dropZeroStates, text).split("\n").slice(-2).join("\n")).toMatchInlineSnapshot(`
    "  y, h, k_1 = LSTM <hidden_size = 2> (x, w, r, b)
    }"
  `);
});

test("other states are kept", () => {
  const text = `g (float[4,2,3] x, float[1,2,2] h0) => (float[] y) <${weights}, float[1,2,2] c0 = {0, 0, 0, 1}> {
    y = LSTM<hidden_size = 2>(x, w, r, b, "", h0, c0)
  }`;
  expect(rejections(dropZeroStates, text)).toBe("drop-zero-states: not at y: has no initial state of zeros");
});
